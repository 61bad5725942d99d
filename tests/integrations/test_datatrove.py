"""The step for datatrove's pipelines."""

import json
import pickle
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers import ANY_TEXTS, SMALL_MODEL, constant_model
from hypothesis import given

from dechaff import InputError, LineModel, SiteProfile, clean_array, clean_article, keep_content
from dechaff_training.corpus.corpus import Corpus

pytest.importorskip("datatrove", reason="needs the datatrove extra: pip install 'dechaff[datatrove]'")
zstandard = pytest.importorskip("zstandard", reason="needs the datatrove extra: pip install 'dechaff[datatrove]'")

from datatrove.data import Document
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter
from datatrove.pipeline.writers.parquet import ParquetWriter

from dechaff.integrations.datatrove import LineCleaner, SiteMerger, SiteProfiler

MENU = "Log in\nSubscribe\nShare"


class Kept:
    """A stand-in for a writer that stores the documents."""

    def __init__(self) -> None:
        self.documents: list[Document] = []

    def __enter__(self) -> "Kept":
        return self

    def __exit__(self, *_: object) -> None:
        self.is_closed = True

    def write(self, document: Document, rank: int) -> None:
        """Store a document."""
        assert rank == 3
        self.documents.append(document)


def run(texts: list[str], **options: Any) -> tuple[list[Document], list[Document], dict[str, int]]:
    """Clean texts with one step; return the documents that pass, the excluded ones and the statistics."""
    writer = Kept()
    step = LineCleaner(exclusion_writer=writer, **options)
    documents = [Document(text, f"id{place}", metadata={"place": place}) for place, text in enumerate(texts)]
    passed = list(step.run(iter(documents), rank=3, world_size=5))
    assert writer.is_closed
    return passed, writer.documents, {name: step.stats[name].total for name in step.stats.stats}


def write_lines(path: Path, records: list[dict[str, Any]]) -> None:
    """Write JSONL compressed with Zstandard."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(zstandard.compress("".join(json.dumps(record) + "\n" for record in records).encode()))


def read_lines(folder: Path) -> dict[str, dict[str, Any]]:
    """Read all JSONL files of a folder, by document id."""
    records = []
    for path in sorted(folder.glob("*.jsonl.zst")):
        with zstandard.open(path, "rt", encoding="utf-8") as lines:
            records += [json.loads(line) for line in lines]
    found = {record["id"]: record for record in records}
    assert len(found) == len(records)
    return found


def executor(folder: Path) -> LocalPipelineExecutor:
    """Make a pipeline of two tasks from `in` to `out` and `excluded` in a folder."""
    excluded = JsonlWriter(str(folder / "excluded"), compression="zstd")
    steps = [
        JsonlReader(str(folder / "in")),
        LineCleaner(exclusion_writer=excluded, exclude=["nearly all dropped"], batch_size=7),
        JsonlWriter(str(folder / "out"), compression="zstd"),
    ]
    return LocalPipelineExecutor(steps, tasks=2, workers=2, logging_dir=str(folder / "logs"))


@pytest.mark.slow
def test_a_pipeline(tmp_path: Path, corpus: Corpus) -> None:
    """Two processes clean JSONL as `keep_content` does and exclude the rest; a rerun processes only missing tasks."""
    texts = {f"{part}/{place}": text for part in "ab" for place, text in enumerate([*corpus.texts[:20], MENU])}
    for part in "ab":
        own = [{"id": name, "text": text} for name, text in texts.items() if name.startswith(part)]
        write_lines(tmp_path / "in" / f"{part}.jsonl.zst", own)
    stats = executor(tmp_path).run()
    out, excluded = read_lines(tmp_path / "out"), read_lines(tmp_path / "excluded")
    for name, text in texts.items():
        article = clean_article(text)
        assert "nearly all dropped" in article.flags or out[name]["text"] == article.text == keep_content(text)
        rest = len(text) - len(out[name]["text"] if name in out else "")
        assert rest == len(excluded[name]["text"] if name in excluded else "")
    assert {"a/20", "b/20"} == texts.keys() - out.keys()
    assert {excluded[name]["metadata"]["filter_reason"] for name in ("a/20", "b/20")} == {"nearly all dropped"}
    own = stats.stats[1].stats
    assert (own["total"].total, own["forwarded"].total, own["dropped"].total) == (42, 40, 2)

    logs = tmp_path / "logs" / "completions"
    assert sorted(path.name for path in logs.iterdir()) == ["00000", "00001"]
    assert executor(tmp_path).run() is None  # nothing was left to do
    before = (tmp_path / "out" / "00000.jsonl.zst").stat().st_mtime_ns
    (logs / "00001").unlink()
    (tmp_path / "out" / "00001.jsonl.zst").unlink()
    again = executor(tmp_path).run().stats[1].stats
    assert again["total"].total == 21
    assert (tmp_path / "out" / "00000.jsonl.zst").stat().st_mtime_ns == before
    assert read_lines(tmp_path / "out") == out


@given(ANY_TEXTS)
def test_what_goes_on_and_what_does_not_are_the_documents(texts: list[str]) -> None:
    """Kept lines pass and dropped ones are excluded, in order, as `clean_article` decides for any batch size."""
    articles = [clean_article(text, SMALL_MODEL) for text in texts]
    for batch_size in (2, 1000):
        passed, excluded, stats = run(texts, model=SMALL_MODEL, batch_size=batch_size)
        kept = {document.metadata["place"]: document for document in passed}
        rest = {document.metadata["place"]: document for document in excluded}
        assert list(kept) == [place for place, article in enumerate(articles) if article.text]
        for place, (text, article) in enumerate(zip(texts, articles, strict=True)):
            if place not in kept:
                assert (rest[place].text, rest[place].metadata["filter_reason"]) == (text, "nothing kept")
                continue
            assert kept[place].text == article.text
            assert kept[place].metadata["dechaff_flags"] == ", ".join(article.flags)
            assert kept[place].metadata["dechaff_share_kept"] == round(len(article.text) / len(text), 4)
            assert len(text) - len(article.text) == (len(rest[place].text) if place in rest else 0)
        assert stats.get("line-total", 0) == sum(articles[place].n_lines for place in kept)
        assert stats.get("line-kept", 0) == sum(articles[place].n_kept for place in kept)
        assert stats.get("flagged", 0) == sum(bool(article.flags) for article in articles)
        assert stats.get("total", 0) == len(texts)


def test_dropped_lines_and_documents(model: LineModel) -> None:
    """Dropped lines are excluded under their document's id; documents only if empty or flagged as named."""
    prose = "The council voted on Tuesday to repair the old bridge, which had been closed since March.\n"
    texts = [f"{prose}Subscribe now\n", prose, MENU]
    passed, excluded, stats = run(texts, model=model)
    assert [document.text for document in passed] == [prose, prose]
    assert [(document.id, document.text, document.metadata["filter_reason"]) for document in excluded] == [
        ("id0", "Subscribe now\n", "boilerplate lines"),
        ("id2", MENU, "nothing kept"),
    ]
    assert "filter_reason" not in passed[0].metadata
    assert {name: stats[name] for name in ("line-total", "line-kept", "line-dropped", "dropped_nothing kept")} == {
        "line-total": 3, "line-kept": 2, "line-dropped": 1, "dropped_nothing kept": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("log_odds", "exclude", "reason"),
    [
        (0.0, [], None),
        (0.0, ["unsure"], "unsure"),
        (0.0, ["nearly all dropped", "kept by the guard"], None),
        (-0.5, ["kept by the guard", "unsure"], "kept by the guard"),
    ],
)
def test_flags_exclude_if_named(log_odds: float, exclude: list[str], reason: str | None) -> None:
    """A flagged document passes unless its flag is named; the first named flag is the reason."""
    passed, excluded, stats = run(["One line\nand another"], model=constant_model(log_odds), exclude=exclude)
    assert [document.metadata["filter_reason"] for document in excluded] == [reason] * bool(reason)
    assert len(passed) == (reason is None)
    assert stats["flagged_unsure"] == stats["flagged"] == 1


def test_the_model_is_read_by_each_task(saved: Path) -> None:
    """A step with a model or its path can be pickled, and cleans with its threshold."""
    for model in (saved, str(saved), SMALL_MODEL):
        step = pickle.loads(pickle.dumps(LineCleaner(model, 0.2)))  # noqa: S301
        text = "The vote was held.\nShare\n₹900 per month\nB1"
        (document,) = step.run([Document(text, "1")])
        assert document.text == keep_content(text, SMALL_MODEL, 0.2)


def test_a_model_in_an_executor(tmp_path: Path) -> None:
    """The executor can log and copy a step that holds a model, and the metadata fit a Parquet file."""
    parquet = pytest.importorskip("pyarrow.parquet")
    documents = [Document(text, str(place)) for place, text in enumerate(["a", "b\nc"] * 3)]
    steps = [documents, LineCleaner(constant_model(0.0)), ParquetWriter(str(tmp_path / "out"))]
    LocalPipelineExecutor(steps, logging_dir=str(tmp_path / "logs")).run()
    metadata = parquet.read_table(tmp_path / "out")["metadata"].to_pylist()
    assert metadata == [{"dechaff_flags": "unsure", "dechaff_share_kept": 1.0}] * 6


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"exclude": ["unsur"]}, "exclude='unsur': choose a list from 'nearly all dropped'"),
        ({"exclude": "unsure"}, "exclude='unsure': choose a list"),
        ({"batch_size": 0}, "batch_size=0: must be 1 or more"),
    ],
)
def test_wrong_options(options: dict[str, Any], message: str) -> None:
    """Unknown flags and empty batches are refused when the step is made."""
    with pytest.raises(InputError, match=message):
        LineCleaner(**options)


@pytest.mark.slow
def test_without_datatrove() -> None:
    """Without the package, importing the step reports what to install; dechaff itself can be imported."""
    script = "import sys; sys.modules['datatrove'] = None; import dechaff; import dechaff.integrations.datatrove"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert run.stderr.splitlines()[-1] == (
        "dechaff.errors.MissingExtraError: datatrove is not installed; run: pip install 'dechaff[datatrove]'"
    )


def pages(n: int = 12) -> list[dict[str, Any]]:
    """Make documents of two sites, whose pages share a line."""
    prose = "The council voted on Tuesday to repair the {} bridge, which had been closed since March."
    teaser = "Why the harbour is full of empty boats again, and who will have to pay for it"
    return [
        {
            "id": str(place),
            "text": f"{prose.format('abcdefghijkl'[place] * 4)}\n{teaser}",
            "url": f"https://site{place % 2}.example/",
        }
        for place in range(n)
    ]


@pytest.mark.slow
def test_the_two_passes_of_the_guide(tmp_path: Path) -> None:
    """The script of docs/sites.md counts, merges and cleans as one process does, with two tasks and two workers."""
    page = (Path(__file__).parents[2] / "docs" / "sites.md").read_text("utf-8")
    script = re.findall(r"```python\n(from datatrove.*?)```", page, re.DOTALL)[0]
    (tmp_path / "passes.py").write_text(script, "utf-8")
    rows = pages()
    for part in (0, 1):
        write_lines(tmp_path / "articles" / f"{part}.jsonl.zst", rows[part::2])
    done = subprocess.run([sys.executable, "passes.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len([*(tmp_path / "profiles").iterdir()]) == 2
    texts, urls = [row["text"] for row in rows], [row["url"] for row in rows]
    whole = SiteProfile()
    whole.count(texts, [f"site{place % 2}.example" for place in range(len(rows))])
    whole.save(tmp_path / "whole.dechaff")
    assert (tmp_path / "sites.dechaff").read_bytes() == (tmp_path / "whole.dechaff").read_bytes()
    expected = clean_array(texts, urls=urls, sites=whole)
    assert [read_lines(tmp_path / "clean")[row["id"]]["text"] for row in rows] == expected


def test_profiles_of_tasks(tmp_path: Path) -> None:
    """Each task writes its profile, the merge is that of all documents in any batches, and it cleans."""
    rows = [Document(row["text"], row["id"], metadata={"link": row["url"], "paper": "a"}) for row in pages()]
    for rank in (0, 1):
        step = SiteProfiler(tmp_path / "profiles", batch_size=rank * 100 + 1, site_column="paper")
        assert list(step.run(iter(rows[rank::2]), rank, 2)) == rows[rank::2]
    assert list(SiteMerger(tmp_path / "profiles", tmp_path / "sites.dechaff").run(None)) == []
    profile = SiteProfile.load(tmp_path / "sites.dechaff")
    assert 8 <= profile.n_documents(pages()[0]["text"].splitlines()[1], "a") <= 16
    for sites in (profile, str(tmp_path / "sites.dechaff")):
        cleaner = LineCleaner(constant_model(0.5), sites=sites, site_column="paper")
        found = [
            document.text.count("harbour")
            for document in cleaner.run(iter([Document(d.text, d.id, metadata=dict(d.metadata)) for d in rows]))
        ]
        assert found == [0] * len(rows)
    with pytest.raises(InputError, match="no site profiles"):
        list(SiteMerger(tmp_path / "none", tmp_path / "x").run(None))
