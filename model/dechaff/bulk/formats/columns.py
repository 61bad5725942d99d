"""Where a document's text and id are: as told, or as they are mostly called."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dechaff.bulk.records import BadRecordError
from dechaff.bulk.settings import Settings
from dechaff.errors import InputError

_TEXTS: Final = ("text", "content", "body", "raw_content", "maintext", "article", "document", "page_content")
_IDS: Final = ("id", "doc_id", "docid", "document_id", "uuid", "warc_record_id", "url", "uri")
_SHOWN: Final = 12


@dataclass(frozen=True)
class Columns:
    """The names of the fields that count.

    Attributes
    ----------
    text : str
    id : str or None
        Without one the file's name and the record's number stand for it.
    """

    text: str
    id: str | None = None

    def __str__(self) -> str:
        identity = f"id from {self.id!r}" if self.id else "no id, so the record's number"
        return f"text from {self.text!r}, {identity}"

    def text_of(self, record: Mapping[str, Any]) -> str:
        """Take the text out of a record.

        Raises
        ------
        BadRecordError
            If there is none, or it is no string.
        """
        if self.text not in record:
            raise BadRecordError(f"no field {self.text!r}")
        text = record[self.text]
        if not isinstance(text, str):
            raise BadRecordError(f"field {self.text!r} is {_kind(text)}, not a string")
        return text

    def id_of(self, record: Mapping[str, Any]) -> Any:
        """Take the id out of a record, if it has one."""
        return record.get(self.id) if self.id else None


def choose_columns(names: Sequence[str], texts: Sequence[str], settings: Settings, where: str) -> Columns:
    """Take the columns that are asked for, or the first that has a usual name.

    Parameters
    ----------
    names : sequence of str
        The fields that there are.
    texts : sequence of str
        Those of them that hold strings.
    settings : Settings
    where : str
        For the message.

    Raises
    ------
    InputError
        If no field is asked for and none has a usual name, or what is asked for is not there.

    Examples
    --------
    >>> print(choose_columns(["url", "content"], ["url", "content"], Settings(), "a.jsonl"))
    text from 'content', id from 'url'
    """
    text = _choose(settings.text_column, texts, _TEXTS)
    identity = _choose(settings.id_column, names, _IDS)
    shown = ", ".join(map(repr, names[:_SHOWN])) or "none"
    if text is None:
        raise InputError(f"{where}: which field is the text? Name it with --text-column; there are {shown}")
    if text not in texts:
        raise InputError(f"{where}: no field {text!r} that holds strings, as --text-column says; there are {shown}")
    if identity is not None and identity not in names:
        raise InputError(f"{where}: no field {identity!r}, as --id-column says; there are {shown}")
    return Columns(text, identity)


def _choose(asked: str | None, there: Sequence[str], usual: Sequence[str]) -> str | None:
    return asked or next((name for name in usual if name in there), None)


def _kind(value: object) -> str:
    names = {type(None): "null", bool: "true or false", dict: "an object", list: "an array"}
    return names.get(type(value), "a number")
