"""Checks of a bulk run before it writes: files of another form, unreadable files, and the numba kernels."""

import errno
import io
import json
from pathlib import Path

import pytest
from bulk_corpora import read_jsonl, records, tree, write_jsonl

from dechaff import InputError
from dechaff.bulk import Settings, clean_bulk, run
from dechaff.bulk.formats import parquet as parquet_format
from dechaff.bulk.inputs import size_and_mtime
from dechaff.bulk.run import ProgressListener
from dechaff.kernels import numba_available

# A regular file that cannot be read from its beginning, by anyone.
UNREADABLE = Path("/proc/self/mem")


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    """Write three files; the second and the third have no known text field."""
    write_jsonl(tmp_path / "in" / "0.jsonl", records(3))
    write_jsonl(tmp_path / "in" / "1.jsonl", [{"headline": "The vote"}])
    write_jsonl(tmp_path / "in" / "2.jsonl.zst", [{"words": 2}])
    return tmp_path / "in"


def test_odd_files_are_named_before_anything_is_written(shards: Path, tmp_path: Path) -> None:
    """One error names all files without a known text field, and the folder can then be written with other settings."""
    with pytest.raises(
        InputError, match=r"1\.jsonl: which field holds the text\?.*; 1 more with such an error: .*2\.jsonl\.zst"
    ):
        clean_bulk([shards], tmp_path / "out")
    assert not [name for name, data in tree(tmp_path / "out").items() if data]
    summary = clean_bulk([shards / "1.jsonl"], tmp_path / "out", Settings(text_column="headline"))
    assert summary.counts.n_documents == 1


def test_odd_files_spare_what_an_earlier_run_has_written(shards: Path, tmp_path: Path) -> None:
    """The files of an earlier run stay if a new run is refused, also with `overwrite`."""
    clean_bulk([shards / "0.jsonl"], tmp_path / "out")
    before = tree(tmp_path / "out")
    for overwrite in (False, True):
        with pytest.raises(InputError, match="nothing has been written"):
            clean_bulk([shards], tmp_path / "out", overwrite=overwrite)
        assert tree(tmp_path / "out") == before


@pytest.mark.skipif(not UNREADABLE.is_file(), reason="needs Linux's /proc")
@pytest.mark.parametrize("name", ["b.jsonl", "b.jsonl.gz", "b.parquet", "b.wet"])
def test_what_the_system_cannot_read_stops_the_run(name: str, tmp_path: Path) -> None:
    """A file that cannot be read is not damaged: the run stops, and can be resumed once it is readable."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / name).symlink_to(UNREADABLE)
    write_jsonl(tmp_path / "in" / "a.jsonl", records(2))
    with pytest.raises(InputError, match=rf"{name}: cannot be read: "):
        clean_bulk([tmp_path / "in"], tmp_path / "out")
    assert not (tmp_path / "out" / "_quarantine").exists()
    (tmp_path / "in" / name).unlink()
    assert clean_bulk([tmp_path / "in"], tmp_path / "out").counts.n_bad == 0


def test_a_file_that_goes_during_the_run(tmp_path: Path) -> None:
    """If an input disappears, finished files stay, and the next run processes the rest."""
    paths = [write_jsonl(tmp_path / "in" / name, records(2)) for name in ("a.jsonl", "b.jsonl")]

    class Thief(ProgressListener):
        def on_start(self, n_bytes: int) -> None:  # noqa: ARG002
            paths[1].rename(tmp_path / "kept")

    with pytest.raises(InputError, match=r"b\.jsonl: cannot be read: No such file"):
        clean_bulk(paths, tmp_path / "out", workers=1, listener=Thief())
    (tmp_path / "kept").rename(paths[1])
    summary = clean_bulk(paths, tmp_path / "out")
    assert (summary.n_skipped, summary.counts.n_documents) == (1, 4)


def test_a_file_that_goes_while_files_are_listed(tmp_path: Path) -> None:
    """A file that disappears before its size is read is named in the error."""
    with pytest.raises(InputError, match=r"gone\.jsonl: cannot be read: No such file"):
        size_and_mtime(tmp_path / "gone.jsonl")


def test_a_disk_that_fails_within_a_parquet_file(tmp_path: Path) -> None:
    """A system error within a row group is raised, and no row group is treated as damaged."""
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.Table.from_pylist(records(3000)), path, row_group_size=1000, compression="none")

    class Failing(io.FileIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() < path.stat().st_size // 2:
                raise OSError(errno.EIO, "Input/output error")
            return super().read(size)

    with Failing(path) as file, pytest.raises(OSError, match="Input/output error"):
        list(parquet_format.read(file, ""))


def test_a_run_goes_on_with_the_functions_it_began_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder begun with numpy alone stays so; one begun with the numba kernels is refused without them."""
    first, second = (write_jsonl(tmp_path / "in" / name, records(2)) for name in ("a.jsonl", "b.jsonl"))

    def begun_compiled(out: str) -> bool:
        compiled: bool = json.loads((tmp_path / out / "_manifest.jsonl").read_text().splitlines()[0])["compiled"]
        return compiled

    clean_bulk([first], tmp_path / "small")
    with monkeypatch.context() as forced:
        forced.setattr(run, "numba_forced", numba_available)
        clean_bulk([first], tmp_path / "forced")
    assert begun_compiled("forced") == numba_available()
    monkeypatch.setattr(run, "_WORTH_COMPILING", 0)
    clean_bulk([first, second], tmp_path / "small")
    assert not begun_compiled("small")
    clean_bulk([first], tmp_path / "much")
    assert begun_compiled("much") == numba_available()
    monkeypatch.setenv("DECHAFF_FAST", "0")
    if begun_compiled("much"):
        with pytest.raises(InputError, match="started with the numba kernels"):
            clean_bulk([first, second], tmp_path / "much")
    clean_bulk([first, second], tmp_path / "much", overwrite=True)
    assert not begun_compiled("much")
    assert len(read_jsonl(tmp_path / "much" / "b.jsonl")) == 2
