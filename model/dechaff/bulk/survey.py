"""What has to be known of all files before anything is written: where their texts are, and which are damaged."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from dechaff.bulk.formats import FORMATS
from dechaff.bulk.formats.columns import Columns
from dechaff.bulk.inputs import Input, cannot_read
from dechaff.bulk.records import DamageError
from dechaff.bulk.settings import Settings
from dechaff.errors import InputError

_SHOWN: Final = 12


@dataclass(frozen=True)
class Surveyed:
    """A file, and where text and id of its documents are.

    Attributes
    ----------
    input : Input
    columns : Columns
    damage : str
        Why nothing of it can be read, if so.
    """

    input: Input
    columns: Columns
    damage: str = ""


def survey(inputs: Sequence[Input], settings: Settings, tell: Callable[[str], None]) -> list[Surveyed]:
    """Find out where text and id are in every file, and say so once for all files that agree.

    Parameters
    ----------
    inputs : sequence of Input
    settings : Settings
    tell : callable

    Raises
    ------
    InputError
        If there are files without a field for the text or the id, all of which are named; or if the system cannot
        read one.
    """
    found: list[Surveyed] = []
    odd: list[tuple[Input, InputError]] = []
    told: dict[Columns, Input] = {}
    for each in inputs:
        try:
            columns, damage = _look(each, settings)
        except InputError as error:
            odd.append((each, error))
            continue
        except OSError as error:
            raise cannot_read(each.path, error) from error
        if columns is not None:
            told.setdefault(columns, each)
        found.append(Surveyed(each, columns or Columns(settings.text_column or "text", settings.id_column), damage))
    if odd:
        raise InputError(_complain(odd, len(inputs)))
    if not (settings.text_column and settings.id_column):
        for columns, each in told.items():
            tell(f"{each.shown}: {columns}")
    return found


def _look(each: Input, settings: Settings) -> tuple[Columns | None, str]:
    """Find a file's columns, None if none of its records is sound; or why nothing of it can be read."""
    try:
        return FORMATS[each.format].find_columns(each.path, each.compression, settings, each.shown), ""
    except DamageError as error:
        return None, f"{error}: the file cannot be read"


def _complain(odd: Sequence[tuple[Input, InputError]], n_inputs: int) -> str:
    """Say what is wrong with the first of the files, and which others are like it."""
    told, others = str(odd[0][1]), [each.shown for each, _ in odd[1:]]
    if others:
        more = ", ".join(others[:_SHOWN]) + (", …" if len(others) > _SHOWN else "")
        told += f"; {len(others)} more without one: {more}"
    return told if n_inputs == 1 else f"{told}; nothing is written yet: leave out what has another form"
