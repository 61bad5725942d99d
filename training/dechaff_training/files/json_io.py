"""JSON files and records, read and written."""

import json
import sys
from pathlib import Path
from typing import Any

from dechaff.errors import InputError
from dechaff_training.files.text_io import open_output, read_text, show_path


def dump(record: object) -> str:
    """Return a value as one line of JSON."""
    return json.dumps(record, ensure_ascii=False) + "\n"


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises
    ------
    InputError
        If it is unreadable or no JSON.
    """
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise InputError(f"{show_path(path)}:{error.lineno}: no JSON: {error.msg}") from error


def write_json(record: object, out: Path | None) -> None:
    """Write a value as indented JSON to a file, or to standard output where the path is None or `-`."""
    with open_output(out) as stream:
        stream.write((json.dumps(record, ensure_ascii=False, indent=2) + "\n").encode())


def write_record(record: object) -> None:
    """Write a value to standard output as one line of JSON, in UTF-8 whatever the terminal's encoding."""
    # A lone surrogate can come out of some encodings; UTF-8 cannot hold it.
    sys.stdout.buffer.write(dump(record).encode("utf-8", "replace"))
