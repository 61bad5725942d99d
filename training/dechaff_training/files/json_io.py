"""Read and write JSON files and records."""

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
        If the file cannot be read, or is not valid JSON.
    """
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise InputError(f"{show_path(path)}:{error.lineno}: not valid JSON: {error.msg}") from error


def write_json(record: object, out: Path | None) -> None:
    """Write a value as indented JSON to a file, or to standard output if the path is None or `-`."""
    with open_output(out) as stream:
        stream.write((json.dumps(record, ensure_ascii=False, indent=2) + "\n").encode())


def write_record(record: object) -> None:
    """Write a value to standard output as one line of JSON, in UTF-8 regardless of the terminal's encoding."""
    # Some encodings decode to lone surrogates, which UTF-8 cannot encode.
    sys.stdout.buffer.write(dump(record).encode("utf-8", "replace"))
