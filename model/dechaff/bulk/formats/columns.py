"""The columns with a document's text, id, title and address: from the settings, or the first with a usual name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dechaff.bulk.records import BadRecordError
from dechaff.bulk.settings import Settings
from dechaff.decisions.titles import TITLE_NAMES, URL_NAMES, PageInfo
from dechaff.errors import InputError

_TEXT_NAMES: Final = (
    "text",
    "content",
    "body",
    "raw_content",
    "maintext",
    "article",
    "document",
    "page_content",
    "html",
)
_ID_NAMES: Final = ("id", "doc_id", "docid", "document_id", "uuid", "warc_record_id", "url", "uri")
_MAX_SHOWN: Final = 12


@dataclass(frozen=True)
class Columns:
    """The names of the fields that hold the text, the id, the title and the address of a document.

    Attributes
    ----------
    text : str
    id : str or None
        The name of the field with the id; if None, the id is the file name with the record number.
    title, url : str or None
        The names of the fields with the page's title and address; None if there are none.
    site : str or None
        The name of the field with the site; if None, the site is the registered domain of the address.
    """

    text: str
    id: str | None = None
    title: str | None = None
    url: str | None = None
    site: str | None = None

    def __str__(self) -> str:
        identity = f"id from {self.id!r}" if self.id else "no id, so the file name and the record number"
        fields = (("title", self.title), ("address", self.url), ("site", self.site))
        page = [f"{name} from {field!r}" for name, field in fields if field]
        return ", ".join([f"text from {self.text!r}", identity, *(page or ["no title or address"])])

    def text_of(self, record: Mapping[str, Any]) -> str:
        """Return the text of a record.

        Raises
        ------
        BadRecordError
            If the text is missing or not a string.
        """
        if self.text not in record:
            raise BadRecordError(f"no field {self.text!r}")
        text = record[self.text]
        if not isinstance(text, str):
            raise BadRecordError(f"field {self.text!r} is {_json_type(text)}, not a string")
        return text

    def id_of(self, record: Mapping[str, Any]) -> Any:
        """Return the id of a record; None if the record has no id."""
        return record.get(self.id) if self.id else None

    def page_info_of(self, record: Mapping[str, Any]) -> PageInfo:
        """Return the title, the address and the site of a record, without those that are missing or no strings."""
        return page_info(*(record.get(name) if name else None for name in (self.title, self.url, self.site)))


def page_info(title: object, url: object, site: object = None) -> PageInfo:
    """Return a title, an address and a site; values that are empty or no strings are left out.

    Examples
    --------
    >>> page_info("The mill shuts", 5)
    PageInfo(title='The mill shuts', url=None)
    """
    return PageInfo(*(value if isinstance(value, str) and value else None for value in (title, url, site)))


def choose_columns(names: Sequence[str], texts: Sequence[str], settings: Settings, where: str) -> Columns:
    """Return the columns set in the settings, or else the first ones with a usual name.

    Parameters
    ----------
    names : sequence of str
        The names of all fields.
    texts : sequence of str
        The names of the fields that hold strings.
    settings : Settings
    where : str
        The name of the file, for messages.

    Raises
    ------
    InputError
        If a field in the settings does not exist, or no text field is set and no field has a usual name.

    Examples
    --------
    >>> print(choose_columns(["url", "content"], ["url", "content"], Settings(), "a.jsonl"))
    text from 'content', id from 'url', address from 'url'
    """
    text = _choose(settings.text_column, texts, _TEXT_NAMES)
    identity = _choose(settings.id_column, names, _ID_NAMES)
    shown = ", ".join(map(repr, names[:_MAX_SHOWN])) or "none"
    if text is None:
        raise InputError(f"{where}: which field holds the text? Set it with --text-column; fields: {shown}")
    if text not in texts:
        raise InputError(f"{where}: --text-column: no field {text!r} that holds strings; fields: {shown}")
    if identity is not None and identity not in names:
        raise InputError(f"{where}: --id-column: no field {identity!r}; fields: {shown}")
    page = []
    for name, requested, usual in (
        ("title", settings.title_column, TITLE_NAMES),
        ("url", settings.url_column, URL_NAMES),
        ("site", settings.site_column, ()),
    ):
        column = None if requested == "" else _choose(requested, texts, [name for name in usual if name != text])
        if column is not None and column not in texts:
            raise InputError(f"{where}: --{name}-column: no field {column!r} that holds strings; fields: {shown}")
        page.append(column)
    return Columns(text, identity, *page)


def _choose(requested: str | None, names: Sequence[str], usual: Sequence[str]) -> str | None:
    return requested or next((name for name in usual if name in names), None)


def _json_type(value: object) -> str:
    names = {type(None): "null", bool: "true or false", dict: "an object", list: "an array"}
    return names.get(type(value), "a number")
