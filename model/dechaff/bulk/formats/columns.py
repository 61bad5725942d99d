"""Columns with text and id of a document: as the settings name them, or the first with a usual name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dechaff.bulk.records import BadRecordError
from dechaff.bulk.settings import Settings
from dechaff.errors import InputError

_TEXT_NAMES: Final = ("text", "content", "body", "raw_content", "maintext", "article", "document", "page_content")
_ID_NAMES: Final = ("id", "doc_id", "docid", "document_id", "uuid", "warc_record_id", "url", "uri")
_MAX_SHOWN: Final = 12


@dataclass(frozen=True)
class Columns:
    """The names of the fields with text and id.

    Attributes
    ----------
    text : str
    id : str or None
        If None, ids are made of file name and record number.
    """

    text: str
    id: str | None = None

    def __str__(self) -> str:
        identity = f"id from {self.id!r}" if self.id else "no id, so the record number"
        return f"text from {self.text!r}, {identity}"

    def text_of(self, record: Mapping[str, Any]) -> str:
        """Return the text of a record.

        Raises
        ------
        BadRecordError
            If it is missing, or not a string.
        """
        if self.text not in record:
            raise BadRecordError(f"no field {self.text!r}")
        text = record[self.text]
        if not isinstance(text, str):
            raise BadRecordError(f"field {self.text!r} is {_json_type(text)}, not a string")
        return text

    def id_of(self, record: Mapping[str, Any]) -> Any:
        """Return the id of a record, None if it has none."""
        return record.get(self.id) if self.id else None


def choose_columns(names: Sequence[str], texts: Sequence[str], settings: Settings, where: str) -> Columns:
    """Return the columns that the settings name, or the first ones with a usual name.

    Parameters
    ----------
    names : sequence of str
        All fields.
    texts : sequence of str
        The fields that hold strings.
    settings : Settings
    where : str
        The file, for messages.

    Raises
    ------
    InputError
        If the settings name no text field and none has a usual name, or a named field does not exist.

    Examples
    --------
    >>> print(choose_columns(["url", "content"], ["url", "content"], Settings(), "a.jsonl"))
    text from 'content', id from 'url'
    """
    text = _choose(settings.text_column, texts, _TEXT_NAMES)
    identity = _choose(settings.id_column, names, _ID_NAMES)
    shown = ", ".join(map(repr, names[:_MAX_SHOWN])) or "none"
    if text is None:
        raise InputError(f"{where}: which field is the text? Name it with --text-column; fields: {shown}")
    if text not in texts:
        raise InputError(f"{where}: --text-column: no field {text!r} that holds strings; fields: {shown}")
    if identity is not None and identity not in names:
        raise InputError(f"{where}: --id-column: no field {identity!r}; fields: {shown}")
    return Columns(text, identity)


def _choose(requested: str | None, names: Sequence[str], usual: Sequence[str]) -> str | None:
    return requested or next((name for name in usual if name in names), None)


def _json_type(value: object) -> str:
    names = {type(None): "null", bool: "true or false", dict: "an object", list: "an array"}
    return names.get(type(value), "a number")
