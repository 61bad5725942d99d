"""The formats of a text: lines as they are, Markdown, HTML, or whichever it looks like."""

import logging
from typing import Final, Literal, get_args

from dechaff.errors import InputError
from dechaff.text.markup.markdown import is_markdown, read_markdown
from dechaff.text.reading import Reading
from dechaff.text.wrapped import read_plain

_log: Final = logging.getLogger(__name__)

#: "auto" is HTML if `looks_like_html`, Markdown if `is_markdown`, and text otherwise; HTML is read by `read_page`.
Format = Literal["text", "markdown", "html", "auto"]
FORMATS: Final = get_args(Format)


def find_reading(text: str, format: Format) -> Reading | None:  # noqa: A002
    """Return what the model reads of a text; None if that is the text itself.

    Parameters
    ----------
    text : str
    format : str
        One of `FORMATS`.

    Raises
    ------
    InputError
        If there is no such format.
    MissingExtraError
        If the text is Markdown and pyromark is not installed.
    """
    if format not in FORMATS:
        raise InputError(f"format {format!r}: use one of {', '.join(FORMATS)}")
    if format == "text":
        return None
    reads_markdown = format == "markdown" or is_markdown(text)
    _log.debug("the text is read as %s", "Markdown" if reads_markdown else "text that may be wrapped")
    return read_markdown(text) if reads_markdown else read_plain(text)
