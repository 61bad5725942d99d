"""The reader of model files executes nothing and reads plain values only."""

import copyreg
import os
import pickle
import pickletools
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest
from model_files import ATTACKS, write_compressed
from sklearn.linear_model import LogisticRegression

from dechaff import ArtifactError, inspect_model, load_model
from dechaff.linear.artifact import read_content

PLAIN = {
    "PROTO", "FRAME", "STOP", "MARK", "MEMOIZE", "BINPUT", "BINGET", "LONG_BINGET", "EMPTY_DICT", "EMPTY_LIST",
    "SETITEM", "SETITEMS", "APPEND", "APPENDS", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "SHORT_BINBYTES",
    "BINBYTES", "BINBYTES8", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "NONE", "NEWTRUE", "NEWFALSE",
}  # fmt: skip
# Prints Python's audit events while files are read, in a process of its own.
WATCHED = """
import os, sys
from pathlib import Path
from dechaff import ArtifactError, inspect_model, load_model
from dechaff.linear.artifact import read_content
paths, seen, harmless = sys.argv[1:], [], {"open", "marshal.loads", "sys._getframe"}
try:
    load_model("missing")  # imports what reading needs
except ArtifactError:
    pass
def watch(event, arguments):
    if watching and (event not in harmless or (event == "open" and str(arguments[0]) not in paths)):
        seen.append(event)
watching = False
sys.addaudithook(watch)
for path in paths:
    for read in (load_model, inspect_model, read_content):
        watching = True
        try:
            read(path)
            refused = False
        except ArtifactError:
            refused = True
        finally:
            watching = False
        assert refused, path
print(*seen)
"""


def test_malicious_files_do_nothing(tmp_path: Path) -> None:
    """No known attack, compressed or not, looks up a name, imports, opens or runs anything, as Python's audit hooks confirm."""
    paths = []
    for number, raw in enumerate(ATTACKS.values()):
        paths.append(write_compressed(tmp_path / f"{number}.joblib", raw))
        paths.append(tmp_path / f"{number}.raw.joblib")
        paths[-1].write_bytes(raw)
    run = subprocess.run(
        [sys.executable, "-c", WATCHED, *paths], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout.strip()) == (0, ""), run.stderr[-500:]
    assert sorted(tmp_path.iterdir()) == sorted(paths)


@pytest.mark.parametrize("attack", ATTACKS)
def test_malicious_files(attack: str, tmp_path: Path) -> None:
    """A file that names a class or a function is refused, with its path and the cause."""
    path = write_compressed(tmp_path / "zlib.joblib", ATTACKS[attack])
    for read in (load_model, inspect_model, read_content):
        with pytest.raises(ArtifactError, match=rf"{path}: (refused: the file holds|not a (dechaff )?model)"):
            read(path)


def test_the_attacks_are_real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The attacks of these tests run if they are read with `pickle.load`."""
    monkeypatch.chdir(tmp_path)
    for attack in ("reduce", "global", "stack-global, its names from the memo", "inst", "obj", "reduce of exec"):
        pickle.loads(ATTACKS[attack])  # noqa: S301
        assert (tmp_path / "ran").exists(), attack
        (tmp_path / "ran").unlink()


def argument(opcode: pickletools.OpcodeInfo) -> bytes:
    """Return an argument that the opcode can read: "a" or 1, and two words for GLOBAL and INST."""
    if opcode.arg is None:
        return b""
    in_text = {"stringnl": b"'a'", "stringnl_noescape_pair": b"os\nsystem", "unicodestringnl": b"a"}
    if opcode.arg.n == pickletools.UP_TO_NEWLINE:
        return in_text.get(opcode.arg.name, b"1") + b"\n"
    n_bytes = int(opcode.arg.name[-1])
    is_counted = opcode.arg.n < 0
    return b"\x01".ljust(n_bytes, b"\0") + (b"a" if is_counted else b"")


def test_every_opcode(tmp_path: Path) -> None:
    """Of all pickle opcodes, alone and in pairs, only those that make plain values are read."""
    path = tmp_path / "m.joblib"
    assert {each.name for each in pickletools.opcodes} > PLAIN
    for first in pickletools.opcodes:
        for second in pickletools.opcodes:
            both = (each.code.encode("latin-1") + argument(each) for each in (first, second))
            write_compressed(path, b"\x80\x04}" + b"".join(both) + b".")
            with pytest.raises(ArtifactError) as caught:
                read_content(path)
            foreign = [each.name for each in (first, second) if each.name not in PLAIN]
            if foreign and first.name != "STOP":
                assert f"refused: the file holds {foreign[0]}" in str(caught.value), (first.name, second.name)


def test_a_registered_extension_code_is_refused(tmp_path: Path) -> None:
    """A function registered under an extension code cannot be reached by it, used before or not."""
    copyreg.add_extension("os", "getpid", 240)
    try:
        path = write_compressed(tmp_path / "code.joblib", b"\x80\x02\x82\xf0)R.")
        with pytest.raises(ArtifactError, match="refused"):
            load_model(path)
        assert pickle.loads(b"\x80\x02\x82\xf0.") is os.getpid  # noqa: S301
        with pytest.raises(ArtifactError, match="refused"):
            load_model(path)
    finally:
        copyreg.remove_extension("os", "getpid", 240)


def test_foreign_joblib_files(tmp_path: Path) -> None:
    """Other joblib files, of plain values or estimators, in every compression, are refused."""
    path = tmp_path / "foreign.joblib"
    for content in ({"a": 1}, [1, 2], LogisticRegression(), np.arange(5), "text"):
        for compress in (0, *((method, 3) for method in ("zlib", "gzip", "bz2", "lzma", "xz"))):
            joblib.dump(content, path, compress=compress)
            with pytest.raises(ArtifactError, match=str(path)):
                load_model(path)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00" * 100, b"PK\x03\x04", b"\x93NUMPY\x01\x00v\x00", b"\x04\x22\x4d\x18", b"\x28\xb5\x2f\xfd",
     "no model".encode("utf-16"), b"\x78\x9c", b"\x78\xbb\0\0\0\1", b"{}"],
)  # fmt: skip
def test_files_of_other_kinds(data: bytes, tmp_path: Path) -> None:
    """Files that are no zlib stream (zip, .npy, lz4, zstandard, text), or need a dictionary, are refused."""
    path = tmp_path / "other.joblib"
    path.write_bytes(data)
    with pytest.raises(ArtifactError, match="not a model file"):
        load_model(path)


def test_missing_files(tmp_path: Path) -> None:
    """A missing file, a folder and an impossible name are named in the error."""
    for path in (tmp_path / "missing.joblib", tmp_path, "a\0b"):
        with pytest.raises(ArtifactError, match="cannot read the model file"):
            load_model(path)


def test_the_end_of_endless_files() -> None:
    """An endless device is read up to the size limit of model files."""
    with pytest.raises(ArtifactError, match="larger than 64 MB"):
        load_model("/dev/zero")
