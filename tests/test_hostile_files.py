import copyreg
import io
import os
import pickle
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from helpers import SMALL_MODEL
from sklearn.linear_model import LogisticRegression

from dechaff import (
    ArtifactError,
    LineModel,
    inspect_model,
    load_model,
)
from dechaff.artifact import read_content
from dechaff.model import stage_names


def write(path: Path, raw: bytes) -> Path:
    path.write_bytes(zlib.compress(raw))
    return path


def write_content(path: Path, saved: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """Write a saved model's plain values anew, with a change made to them."""
    content = joblib.load(saved)
    change(content)
    return write(path, pickle.dumps(content))


class _Runs:
    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return os.system, ("touch {marker}",)


class _Persistent(pickle.Pickler):
    def persistent_id(self, obj: object) -> object:
        return "elsewhere" if obj == "me" else None


def persistent() -> bytes:
    buffer = io.BytesIO()
    _Persistent(buffer).dump({"format": "me"})
    return buffer.getvalue()


def short(text: str) -> bytes:
    return b"\x8c" + bytes([len(text)]) + text.encode()


ATTACKS = {
    "reduce": pickle.dumps(_Runs()),
    "reduce, protocol 0": pickle.dumps(_Runs(), 0),
    "reduce, protocol 2": pickle.dumps(_Runs(), 2),
    "reduce within the dictionary": pickle.dumps({"format": "dechaff-model", "version": 1, "metadata": _Runs()}),
    "global": b"cos\nsystem\n(S'touch {marker}'\ntR.",
    "global without a call": b"cos\nsystem\n.",
    "stack-global": b"\x80\x04" + short("posix") + short("system") + b"\x93" + short("touch {marker}") + b"\x85R.",
    "inst": b"(S'touch {marker}'\nios\nsystem\n.",
    "obj": b"(cos\nsystem\nS'touch {marker}'\no.",
    "newobj": b"\x80\x04" + short("builtins") + short("list") + b"\x93)\x81.",
    "newobj-ex": b"\x80\x04" + short("builtins") + short("dict") + b"\x93)}\x92.",
    "builtins.eval": b'cbuiltins\neval\n(S\'open("{marker}", "w")\'\ntR.',
    "dotted name": b"\x80\x04" + short("dechaff.artifact") + short("pickle.loads") + b"\x93.",
    "a class of its own": pickle.dumps(SMALL_MODEL.first),
    "scikit-learn": pickle.dumps(LogisticRegression()),
    "numpy array": pickle.dumps({"format": np.arange(3)}),
    "numpy object array": pickle.dumps(np.array([_Runs(), None], object)),
    "numpy number": pickle.dumps({"version": np.float64(1)}),
    "persistent id": persistent(),
    "persistent id, protocol 0": b"Pelsewhere\n.",
    "extension code": b"\x80\x02\x82\xf0)R.",
    "extension code of two bytes": b"\x80\x02\x83\xf0\xf0)R.",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_malicious_files(attack: str, tmp_path: Path) -> None:
    """A file that names a class or a function is refused before anything of it runs, compressed or not."""
    marker = tmp_path / "ran"
    raw = ATTACKS[attack].replace(b"touch {marker}", b"touch ran").replace(b"{marker}", b"ran")
    before = Path.cwd()
    os.chdir(tmp_path)
    try:
        for path in (write(tmp_path / "zlib.joblib", raw), tmp_path / "raw.joblib"):
            if not path.exists():
                path.write_bytes(raw)
            for read in (load_model, inspect_model, read_content):
                with pytest.raises(ArtifactError, match=str(path)):
                    read(path)
    finally:
        os.chdir(before)
    assert not marker.exists()


def test_a_registered_extension_code_is_refused(tmp_path: Path) -> None:
    """A function that some library registered under a code cannot be reached by its code, used before or not."""
    copyreg.add_extension("os", "getpid", 240)
    try:
        path = write(tmp_path / "code.joblib", b"\x80\x02\x82\xf0)R.")
        with pytest.raises(ArtifactError, match="refused"):
            load_model(path)
        assert pickle.loads(b"\x80\x02\x82\xf0.") is os.getpid  # noqa: S301
        with pytest.raises(ArtifactError, match="refused"):
            load_model(path)
    finally:
        copyreg.remove_extension("os", "getpid", 240)


@pytest.mark.parametrize("part", [0, 1, 2, 10, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, -8, -4, -2, -1])
def test_truncated_files(part: float, saved: Path, tmp_path: Path) -> None:
    """A file cut at any length is refused, with what to do."""
    data = saved.read_bytes()
    length = int(len(data) * part) if isinstance(part, float) else part
    path = tmp_path / "cut.joblib"
    path.write_bytes(data[:length])
    with pytest.raises(ArtifactError, match="get or train it anew"):
        load_model(path)


def flipped(data: bytes, place: int, bit: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :]


@pytest.mark.parametrize("inside", [False, True])
def test_flipped_bits(inside: bool, saved: Path, tmp_path: Path) -> None:
    """A bit flipped in the file, or within before it was compressed: refused, or read as plain values; never a crash."""
    data = saved.read_bytes()
    if inside:
        data = zlib.decompress(data)
    rng = np.random.default_rng(7)
    path = tmp_path / "flipped.joblib"
    refused = 0
    # Weights fill most of the file: half of the flips hit the names and opcodes at its begin and end.
    places = [
        *rng.integers(0, len(data), 100),
        *rng.integers(0, 300, 50),
        *rng.integers(len(data) - 300, len(data), 50),
    ]
    for place, bit in zip(map(int, places), rng.integers(0, 8, len(places)).tolist(), strict=True):
        changed = flipped(data, place, bit)
        path.write_bytes(zlib.compress(changed, 1) if inside else changed)
        try:
            assert isinstance(load_model(path), LineModel)
        except ArtifactError:
            refused += 1
    assert refused >= (20 if inside else 190)


def set_in(*keys: str, to: object) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        for key in keys[:-1]:
            content = content[key]
        content[keys[-1]] = to

    return change


def floats(*values: float) -> dict[str, Any]:
    return {"dtype": "<f4", "shape": [len(values)], "data": np.array(values, "<f4").tobytes()}


N_FIRST = len(stage_names()[0])


def nested(depth: int) -> list[Any]:
    inner: list[Any] = []
    for _ in range(depth):
        inner = [inner]
    return inner


WRONG = {
    "other format": set_in("format", to="other"),
    "no format": lambda c: c.pop("format"),
    "newer version": set_in("version", to=2),
    "older version": set_in("version", to=0),
    "version of another type": set_in("version", to="1"),
    "no version": lambda c: c.pop("version"),
    "other specification": set_in("specification", to="0" * 16),
    "no specification": lambda c: c.pop("specification"),
    "no threshold": lambda c: c.pop("threshold"),
    "threshold is no number": set_in("threshold", to="half"),
    "metadata is no dictionary": set_in("metadata", to=7),
    "no second stage": set_in("second", to=None),
    "a stage is a list": set_in("first", to=[1, 2]),
    "array of objects": set_in("first", "means", "dtype", to="|O"),
    "array of strings": set_in("first", "means", "dtype", to="<U4"),
    "array without data": set_in("first", "means", "data", to=b""),
    "array of another shape": set_in("first", "means", "shape", to=[7]),
    "array of a huge shape": set_in("first", "means", "shape", to=[1 << 60]),
    "array data is a string": set_in("first", "means", "data", to="abcd" * 100),
    "too few features": set_in("first", "means", to=floats(1, 2)),
    "a weight is not a number": set_in("first", "coefficients", to=floats(*[float("nan")] * N_FIRST)),
    "crosses are a number": set_in("second", "crosses", to=5),
    "crosses lack their weights": lambda c: c["second"]["crosses"].pop("weights"),
    "no such feature": lambda c: c["second"]["crosses"]["features"].update(
        data=np.full((2, 8), 10_000, "<i4").tobytes()
    ),
    "a feature below zero": lambda c: c["second"]["crosses"]["features"].update(
        data=np.full((2, 8), -1, "<i4").tobytes()
    ),
    "no such leaf": lambda c: c["second"]["crosses"]["leaves"].update(data=b"\x09" * 512),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_content(wrong: str, saved: Path, tmp_path: Path) -> None:
    """A file of plain values that is not this version's model is refused by its path."""
    path = write_content(tmp_path / "wrong.joblib", saved, WRONG[wrong])
    with pytest.raises(ArtifactError, match=str(path)):
        load_model(path)


UNCHECKED = {
    "no word weights": set_in("word_weights", to=floats()),
    "three word weights": set_in("word_weights", to=floats(1, 2, 3)),
    "word weights in two dimensions": set_in("word_weights", "shape", to=[8, 8]),
    "word weights are infinite": set_in("word_weights", to=floats(float("inf"), 0)),
    "threshold above one": set_in("threshold", to=7.0),
    "threshold is not a number": set_in("threshold", to=float("nan")),
    "intercept is not a number": set_in("first", "intercept", to=float("nan")),
    "scales of zero": set_in("first", "scales", to=floats(*[0.0] * N_FIRST)),
    "means are infinite": set_in("first", "means", to=floats(*[float("inf")] * N_FIRST)),
    "version of 5,000 digits": set_in("version", to=10**5000),
    "version nested deep": set_in("version", to=nested(2000)),
}


@pytest.mark.parametrize("wrong", UNCHECKED)
def test_wrong_values(wrong: str, saved: Path, tmp_path: Path) -> None:
    """Values that no model can work with are refused when the file is read, not when it is used."""
    content = joblib.load(saved)
    UNCHECKED[wrong](content)
    recursion = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    try:
        path = write(tmp_path / "wrong.joblib", pickle.dumps(content))
    finally:
        sys.setrecursionlimit(recursion)
    with pytest.raises(ArtifactError, match=str(path)):
        load_model(path)


@pytest.mark.parametrize(
    ("change", "todo"),
    [
        (set_in("version", to=2), "upgrade dechaff"),
        (set_in("version", to=0), "train it anew"),
        (set_in("specification", to="0" * 16), "train it anew with 'dechaff train'"),
        (set_in("format", to="other"), "train one with 'dechaff train'"),
    ],
)
def test_messages_say_what_to_do(
    change: Callable[[dict[str, Any]], None], todo: str, saved: Path, tmp_path: Path
) -> None:
    """Each mismatch says what is wrong and what to do."""
    with pytest.raises(ArtifactError, match=todo):
        load_model(write_content(tmp_path / "wrong.joblib", saved, change))


def test_foreign_joblib_files(tmp_path: Path) -> None:
    """Other joblib files, of plain values or of estimators, compressed or not, are refused."""
    path = tmp_path / "foreign.joblib"
    for content in ({"a": 1}, [1, 2], LogisticRegression(), np.arange(5), "text"):
        for compress in (0, ("zlib", 3), ("gzip", 3), ("xz", 3)):
            joblib.dump(content, path, compress=compress)
            with pytest.raises(ArtifactError, match=str(path)):
                load_model(path)


@pytest.mark.parametrize(
    "data", [b"", b"\x00" * 100, b"PK\x03\x04", "no model".encode("utf-16"), b"\x78\x9c", b"{}"]
)
def test_files_of_other_kinds(data: bytes, tmp_path: Path) -> None:
    """What is no zlib stream is no model."""
    path = tmp_path / "other.joblib"
    path.write_bytes(data)
    with pytest.raises(ArtifactError, match="not a model file"):
        load_model(path)


def test_missing_files(tmp_path: Path) -> None:
    """A missing file and a folder are errors that name them."""
    for path in (tmp_path / "missing.joblib", tmp_path):
        with pytest.raises(ArtifactError, match="cannot read the model file"):
            load_model(path)


def test_a_decompression_bomb(tmp_path: Path) -> None:
    """A small file that swells to more than a model can have is refused before it fills the memory."""
    compressor = zlib.compressobj(9)
    megabyte = b"\x00" * (1 << 20)
    parts = [compressor.compress(megabyte) for _ in range(300)]
    path = tmp_path / "bomb.joblib"
    path.write_bytes(b"".join([*parts, compressor.flush()]))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(ArtifactError, match="unreasonably large"):
        load_model(path)


LIMITED = """
import resource, sys, tracemalloc
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
from dechaff import ArtifactError, load_model
tracemalloc.start()
try:
    load_model(sys.argv[1])
except ArtifactError:
    print("refused", tracemalloc.get_traced_memory()[1] < 300 << 20)
"""
CRASHES = {
    # Ten bytes that make the memo a hundred million entries long.
    "memo": b"\x80\x04}r" + struct.pack("<I", 50_000_000) + b".",
    # A dictionary's key of a million nested tuples: hashing it recurses in C.
    "nested key": b"\x80\x04}" + b")" + b"\x85" * 1_000_000 + b"Ns.",
    "nested list": b"\x80\x04" + b"]" * 1_000_000 + b"a" * 999_999 + b".",
    "long bytes": b"\x80\x04\x8e" + struct.pack("<Q", 1 << 40) + b"x.",
    "long bytearray": b"\x80\x05\x96" + struct.pack("<Q", 1 << 40) + b"x.",
    "frame": b"\x80\x04\x95" + struct.pack("<Q", 1 << 40) + b"}.",
}


@pytest.mark.parametrize("crash", CRASHES)
def test_files_that_would_end_the_process(crash: str, tmp_path: Path) -> None:
    """A crafted file neither ends the process nor takes its memory: it is refused."""
    path = write(tmp_path / "crash.joblib", CRASHES[crash])
    run = subprocess.run([sys.executable, "-c", LIMITED, path], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout.strip()) == (0, "refused True"), run.stderr[-500:]


def nested(levels: int) -> list[object]:
    """Make a list that holds one list twice, and so on: short in the file, endless where it is shown."""
    value: list[object] = ["x"]
    for _ in range(levels):
        value = [value, value]
    return value


ENDLESS = {
    "a keyword": lambda c: c.update(keywords=[["share", nested(60)]]),
    "a preset": lambda c: c["metadata"].update(presets={"recall": {"threshold": nested(60)}}),
    "metadata": lambda c: c["metadata"].update(note=nested(60)),
    "wide metadata": lambda c: c["metadata"].update(note=[nested(14)] * 999),
    "the specification": lambda c: c.update(specification=nested(60)),
    "an array's type": lambda c: c["first"]["means"].update(dtype=nested(60)),
}


@pytest.mark.parametrize("place", ENDLESS)
def test_values_without_end(place: str, saved: Path, tmp_path: Path) -> None:
    """Lists that hold themselves twice, level by level, are refused before anything shows them."""
    path = write_content(tmp_path / "m.joblib", saved, ENDLESS[place])
    with pytest.raises(ArtifactError, match="without end"):
        load_model(path)


def test_a_list_that_holds_itself(saved: Path, tmp_path: Path) -> None:
    """A cycle is refused, in inspecting too."""
    loop: list[object] = []
    loop.append(loop)
    path = write_content(tmp_path / "m.joblib", saved, lambda c: c["metadata"].update(note=loop))
    for read in (load_model, inspect_model):
        with pytest.raises(ArtifactError, match="without end"):
            read(path)


@pytest.mark.parametrize("stage", ["first", "second", "decoder"])
@pytest.mark.parametrize(("array", "value"), [("scales", 1e-45), ("coefficients", 3e38), ("means", 1e30)])
def test_weights_beyond_reason(stage: str, array: str, value: float, saved: Path, tmp_path: Path) -> None:
    """Weights that would overflow are refused instead of giving NaN."""

    def change(content: dict[str, Any]) -> None:
        packed = content[stage][array]
        packed["data"] = np.full(packed["shape"], value, np.float32).tobytes()

    with pytest.raises(ArtifactError, match="damaged"):
        load_model(write_content(tmp_path / "m.joblib", saved, change))
