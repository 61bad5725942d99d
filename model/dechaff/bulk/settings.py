"""What is asked of a bulk run, and how large things may be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dechaff.extras import load
from dechaff.linear.artifact import default_model, load_model
from dechaff.linear.line_model import LineModel, Threshold

#: What installs the packages that bulk runs need.
EXTRA: Final = "bulk"
#: Bytes of records that are worked on at once.
CHUNK: Final = 1 << 20
#: A record with more bytes than this goes to quarantine: no article is so long, and memory is bounded by it.
LONGEST: Final = 16 << 20
#: A record that is handed on unread, such as a WARC response, may be longer.
LONGEST_UNREAD: Final = 64 << 20
#: Of a bad record so many bytes are kept.
QUARANTINED: Final = 64 << 10


@dataclass(frozen=True)
class Settings:
    """How documents are cleaned, and what is written beside them.

    Attributes
    ----------
    model : Path, optional
        By default the model that dechaff ships with.
    threshold : float or str, optional
        As for `dechaff.keep_content`.
    keywords : mapping of str to sequence of str, optional
        Phrases of the user's own by family, as for `LineModel.with_keywords`.
    text_column, id_column : str, optional
        Where text and id of a document are; by default they are guessed from its first records.
    dropped : bool
        Whether every dropped line is written down, with its reasons.
    attributes : bool
        Whether every line's span and probability are written as Dolma attributes.
    strict : bool
        Whether the first bad record ends the run.
    """

    model: Path | None = None
    threshold: Threshold = None
    keywords: Mapping[str, Sequence[str]] | None = None
    text_column: str | None = None
    id_column: str | None = None
    dropped: bool = False
    attributes: bool = False
    strict: bool = False

    def load_model(self) -> LineModel:
        """Load the model, with the keywords.

        Raises
        ------
        DechaffError
            If there is none, or it has no such threshold or family of keywords.
        """
        model = default_model() if self.model is None else load_model(self.model)
        model = model.with_keywords(self.keywords) if self.keywords else model
        model.resolve_threshold(self.threshold)
        return model


def need(module: str) -> Any:
    """Import a package of the extra `bulk`.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    return load(module, EXTRA)
