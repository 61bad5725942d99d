"""Settings and size limits of bulk runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dechaff.extras import load
from dechaff.linear.artifact import default_model, load_model
from dechaff.linear.line_model import LineModel, Threshold

#: Bytes of records that a worker cleans at once.
CHUNK: Final = 1 << 20
#: Longer records go to quarantine: no article is that long, and the limit bounds the memory.
MAX_RECORD: Final = 16 << 20
#: Limit of records that are not parsed, such as WARC responses.
MAX_UNPARSED: Final = 64 << 20
#: Bytes of a bad record that are kept in quarantine.
MAX_QUARANTINED: Final = 64 << 10


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
        Additional phrases by family, as for `LineModel.with_keywords`.
    text_column, id_column : str, optional
        Names of the fields with a document's text and id; by default the first usual names in its first records.
    dropped : bool
        Whether to write every dropped line, with its reasons.
    attributes : bool
        Whether to write the span and probability of every line as Dolma attributes.
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
            If the model, its threshold or a family of keywords does not exist.
        """
        model = default_model() if self.model is None else load_model(self.model)
        model = model.with_keywords(self.keywords) if self.keywords else model
        model.resolve_threshold(self.threshold)
        return model


def require(module: str) -> Any:
    """Import a module of the extra `bulk`.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    return load(module, "bulk")
