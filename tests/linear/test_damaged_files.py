"""Damaged model files and decompression bombs."""

import bz2
import gzip
import json
import lzma
import pickle
import struct
import subprocess
import sys
import warnings
import zlib
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import joblib
import numpy as np
import pytest
from model_files import set_in, write_compressed

from dechaff import ArtifactError, load_model

ARTICLE = "The vote was held on Tuesday.\nSubscribe now for ₹900 per month\nShare"


@pytest.mark.parametrize("inside", [False, True])
def test_truncated_files(saved: Path, tmp_path: Path, inside: bool) -> None:
    """A file or its content, cut anywhere in its head or at 200 other places, is refused with a remedy."""
    data = zlib.decompress(saved.read_bytes()) if inside else saved.read_bytes()
    path = tmp_path / "cut.joblib"
    for length in {*range(500), *np.linspace(500, len(data) - 1, 200, dtype=int).tolist()}:
        if inside:
            write_compressed(path, data[:length])
        else:
            path.write_bytes(data[:length])
        with pytest.raises(ArtifactError, match="download or train it again"):
            load_model(path)


def flipped(data: bytes, inside: bool, n: int) -> Iterator[bytes]:
    """Yield the file, or its content, with one bit flipped: half of the places are in head and tail, where the names are."""
    rng = np.random.default_rng(7)
    raw = zlib.decompress(data) if inside else data
    places = (rng.integers(0, len(raw), n // 2), rng.integers(-300, 300, n // 2))
    for place, bit in zip(
        chain.from_iterable(each.tolist() for each in places), rng.integers(0, 8, n), strict=True
    ):
        changed = bytearray(raw)
        changed[place] ^= 1 << int(bit)
        yield zlib.compress(changed, 1) if inside else bytes(changed)


@pytest.mark.parametrize("n", [100, pytest.param(1000, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("inside", "least", "most"), [(False, 0.99, 1), (True, 0.1, 0.9)])
def test_flipped_bits(inside: bool, least: float, most: float, n: int, saved: Path, tmp_path: Path) -> None:
    """With one of 1,000 bits flipped the file is refused or is a usable model: never a crash or a warning."""
    path = tmp_path / "flipped.joblib"
    refused = 0
    for data in flipped(saved.read_bytes(), inside, n):
        path.write_bytes(data)
        try:
            model = load_model(path)
        except ArtifactError:
            refused += 1
            continue
        with warnings.catch_warnings(action="error"):
            probability = model.predict_proba([ARTICLE])
        assert ((probability >= 0) & (probability <= 1)).all()
        assert all(np.isfinite(each).all() for each in (model.word_weights, model.stage1.coefficients))
    assert least * n <= refused <= most * n


# In a process of its own, that cannot have more than two gigabytes: each file, and how much memory it took at most.
LIMITED = """
import json, re, resource, sys
from pathlib import Path
from dechaff import ArtifactError, load_model
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
def peak():
    return int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]) >> 10
for path in ("missing", *sys.argv[1:]):
    Path("/proc/self/clear_refs").write_text("5")  # forgets the highest so far
    before = peak()
    try:
        load_model(path)
        print(json.dumps(["read", path]))
    except ArtifactError as error:
        print(json.dumps([str(error)[:300], peak() - before]))
"""
MEGABYTE = 1 << 20
ZEROS = bytes(100 * MEGABYTE)  # more than the reader takes
BOMBS: dict[str, Callable[[], bytes]] = {
    "zlib": lambda: zlib.compress(ZEROS, 1),
    "zlib within zlib": lambda: zlib.compress(zlib.compress(ZEROS, 9), 9),
    "gzip": lambda: gzip.compress(ZEROS, 1),
    "bz2": lambda: bz2.compress(ZEROS, 1),
    "lzma": lambda: lzma.compress(ZEROS, lzma.FORMAT_ALONE, preset=0),
    "xz": lambda: lzma.compress(ZEROS, lzma.FORMAT_XZ, preset=0),
}
# Of a few bytes each in the file; the opcodes behind a hundred bytes would ask for gigabytes.
PICKLES = {
    "memo": b"\x80\x04}r" + struct.pack("<I", 50_000_000) + b".",
    "nested key": b"\x80\x04}" + b")" + b"\x85" * 1_000_000 + b"Ns.",
    "nested list": b"\x80\x04" + b"]" * 450_000 + b"a" * 449_999 + b".",
    "lists without end": b"\x80\x04" + b"]" * (60 * MEGABYTE) + b".",
    "marks without end": b"\x80\x04" + b"(" * (2 * MEGABYTE) + b".",
    "numbers with one hash": b"\x80\x04}("
    + b"".join(b"\x8a\x10" + (k * (2**61 - 1)).to_bytes(16, "little") + b"N" for k in range(8, 200_000))
    + b"u.",
    "memo without end": b"\x80\x04N" + b"\x94" * (2 * MEGABYTE) + b".",
    "long bytes": b"\x80\x04\x8e" + struct.pack("<Q", 1 << 40) + b"x.",
    "long bytearray": b"\x80\x05\x96" + struct.pack("<Q", 1 << 40) + b"x.",
    "long text": b"\x80\x04\x8d" + struct.pack("<Q", 1 << 62) + b"x.",
    "wide text": b"\x80\x04X"
    + struct.pack("<I", 60 * MEGABYTE)
    + "\U0001f600".encode()
    + b"x" * (60 * MEGABYTE - 4)
    + b".",
    "frame": b"\x80\x04\x95" + struct.pack("<Q", 1 << 40) + b"}.",
    "all the bytes that may be": pickle.dumps({"format": bytes(60 * MEGABYTE)}),
}


@pytest.mark.slow
def test_bombs_take_bounded_memory(saved: Path, tmp_path: Path) -> None:
    """Files that expand, by any compression or in the pickle, are refused before they take 400 MB."""
    paths = {name: tmp_path / f"{name}.joblib" for name in (*BOMBS, *PICKLES, "words", "trees")}
    for name, make in BOMBS.items():
        paths[name].write_bytes(make())
    for name, raw in PICKLES.items():
        write_compressed(paths[name], raw)
    content = joblib.load(saved)
    set_in("word_weights", "data", to=bytes(60 * MEGABYTE))(content)
    set_in("word_weights", "shape", to=[30 * MEGABYTE])(content)
    write_compressed(paths["words"], pickle.dumps(content))
    n_trees = 150_000
    for name, size in (("features", 32), ("thresholds", 32), ("leaves", 256), ("weights", 36)):
        array = content["second"]["crosses"][name]
        array.update(data=bytes(size * n_trees), shape=[n_trees, array["shape"][1]])
    set_in("word_weights", "data", to=bytes(4))(content)
    write_compressed(paths["trees"], pickle.dumps(content))
    assert max(path.stat().st_size for path in paths.values()) < 3 * MEGABYTE
    run = subprocess.run(
        [sys.executable, "-c", LIMITED, *paths.values()], capture_output=True, text=True, check=False, timeout=120
    )
    said = dict(zip(paths, map(json.loads, run.stdout.splitlines()[1:]), strict=False))
    assert (run.returncode, said.keys()) == (0, paths.keys()), run.stderr[-500:]
    for name, (message, megabytes) in said.items():
        assert str(paths[name]) in message, name
        assert "()" not in message, f"{name}: refused for want of memory"
        assert megabytes < 400, (name, megabytes)
    print(said)
