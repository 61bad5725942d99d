"""Settings and size limits of bulk runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from dechaff.explain.kinds import check_kinds
from dechaff.extras import load
from dechaff.linear.artifact import default_model, load_model
from dechaff.linear.line_model import LineModel, Threshold
from dechaff.sites import SiteProfile

#: Size in bytes of the chunks of records that workers clean.
CHUNK: Final = 1 << 20
#: The number of chunks after which a checkpoint is written: a second or two of work, without reasons.
CHECKPOINT_PARTS: Final = 32
#: Maximum length of a record; longer ones go to quarantine. No article is that long; the limit bounds the memory.
MAX_RECORD: Final = 16 << 20
#: Maximum length in bytes of records that are not parsed, such as WARC responses.
MAX_UNPARSED: Final = 64 << 20
#: Bytes of a bad record that are kept in quarantine.
MAX_QUARANTINED: Final = 64 << 10


@dataclass(frozen=True)
class Settings:
    """How documents are cleaned, and which additional files are written.

    Attributes
    ----------
    model : Path, optional
        The model file; by default the model that ships with dechaff.
    threshold : float or str, optional
        The lowest probability of content with which lines are kept, or a preset; see `dechaff.keep_content`.
    keywords : mapping of str to sequence of str, optional
        Additional phrases for groups (families) of the lexicon; see `LineModel.with_keywords`.
    text_column, id_column : str, optional
        The fields that hold a document's text and id; by default the first ones with a usual name.
    dropped : bool
        Whether to write every dropped line with the reasons.
    attributes : bool
        Whether to write the span and probability of every line as Dolma attributes.
    strict : bool
        Whether the run ends at the first bad record.
    title_column, url_column : str, optional
        The fields that hold the title and the address of a document's page, which help to keep the headline; by
        default the first ones with a usual name; "" for none.
    format : str
        "html" if the texts are HTML pages, "text" if none is, or "auto" for a look at each; a page is replaced by
        its clean text, and spans refer to the text that Resiliparse prints. "markdown" if all texts are Markdown,
        which is cleaned as by `dechaff.clean_markdown`.
    keep_kinds : sequence of str
        Kinds of boilerplate that are kept all the same; see `dechaff.keep_content`.
    sites : Path, optional
        The file of a site profile; see `dechaff.keep_content`.
    site_column : str, optional
        The field that holds the site of a document; by default the registered domain of the address.
    samples : bool
        Whether the counts get samples of flagged documents and of dropped lines by kind; the output is the same.
    """

    model: Path | None = None
    threshold: Threshold = None
    keywords: Mapping[str, Sequence[str]] | None = None
    text_column: str | None = None
    id_column: str | None = None
    dropped: bool = False
    attributes: bool = False
    strict: bool = False
    title_column: str | None = None
    url_column: str | None = None
    format: Literal["auto", "text", "html", "markdown"] = "auto"
    keep_kinds: Sequence[str] = ()
    sites: Path | None = None
    site_column: str | None = None
    samples: bool = False

    def load_model(self) -> LineModel:
        """Load the model and add the keywords.

        Raises
        ------
        DechaffError
            If the model, the preset, a family of keywords or a kind does not exist.
        """
        check_kinds(self.keep_kinds)
        model = default_model() if self.model is None else load_model(self.model)
        model = model.with_keywords(self.keywords) if self.keywords else model
        model.resolve_threshold(self.threshold)
        self.check_extras()
        return model

    def check_extras(self) -> None:
        """Raise MissingExtraError before a run begins if the format needs a package that is missing."""
        if self.format == "markdown":
            load("pyromark", "markdown")

    def load_sites(self) -> SiteProfile | None:
        """Load the site profile, None without one.

        Raises
        ------
        ArtifactError
            If the file is missing or not a site profile.
        """
        return None if self.sites is None else SiteProfile.load(self.sites)


def require(module: str) -> Any:
    """Import a module of the extra `bulk`.

    Raises
    ------
    MissingExtraError
        If the module is not installed.
    """
    return load(module, "bulk")
