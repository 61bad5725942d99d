"""A short run of the fuzz targets on their seeds and on mutated seeds; `make fuzz` is the long one."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

for extra in ("numba", "orjson", "pyarrow", "pyromark", "resiliparse", "zstandard"):
    pytest.importorskip(extra, reason="needs the extras: pip install 'dechaff[bulk,fast,html,markdown]'")
FUZZ = Path(__file__).parents[1] / "fuzz"
sys.path.insert(0, str(FUZZ))

from targets import TARGETS

SEEDS = {name: sorted((FUZZ / "seeds" / name).iterdir()) for name in TARGETS}


def seeds() -> Iterator[tuple[str, Path]]:
    for name, paths in SEEDS.items():
        assert paths, name
        for path in paths:
            yield name, path


@pytest.mark.parametrize(("name", "path"), seeds(), ids=lambda value: getattr(value, "name", value))
def test_seeds(name: str, path: Path) -> None:
    """Every seed, among them all inputs that once failed, passes its target."""
    check = TARGETS[name]
    check(path.read_bytes())


def mangled(name: str) -> st.SearchStrategy[bytes]:
    """Return a strategy for seeds with bytes changed, removed or inserted."""

    def mangle(data: bytes, edits: list[tuple[float, int, bytes]]) -> bytes:
        for where, n, new in edits:
            place = round(where * len(data))
            data = data[:place] + new + data[place + n :]
        return data

    edit = st.tuples(st.floats(0, 1), st.integers(0, 9), st.binary(max_size=9))
    return st.builds(
        mangle, st.sampled_from([path.read_bytes() for path in SEEDS[name]]), st.lists(edit, max_size=4)
    )


@pytest.mark.parametrize("name", TARGETS)
def test_mangled_seeds(name: str) -> None:
    """Mutated seeds and arbitrary bytes pass every target."""

    @given(st.one_of(mangled(name), st.binary(max_size=300)))
    @example(b"")
    def check(data: bytes) -> None:
        TARGETS[name](data)

    check()
