"""The examples of docs/engines.md."""

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from dechaff import classify_lines, clean_array, clean_html, label_array
from dechaff_training.corpus.corpus import Corpus

pa = pytest.importorskip("pyarrow", reason="needs the bulk extra: pip install 'dechaff[bulk]'")
parquet = pytest.importorskip("pyarrow.parquet")
dataset = pytest.importorskip("pyarrow.dataset")

PAGE = Path(__file__).parents[2] / "docs" / "engines.md"
CODE = re.compile(r"```python\n(.*?)```", re.DOTALL)
SECTIONS = dict(re.findall(r"^##+ (.+?)\n(.*?)(?=^##+ |\Z)", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE))
#: The sections with examples that read `articles.parquet` and write `clean.parquet` or `clean/`; what they need.
TABLES = {
    "Arrow": "pyarrow",
    "Polars": "polars",
    "DuckDB": "duckdb",
    "pandas": "pandas",
    "Hugging Face datasets": "datasets",
    "Daft": "daft",
    "Ray Data": "ray",
}
PAGE_OF_ARTICLE = """<html><head><title>The mill at the weir closes</title></head><body>
<ul><li>Home</li><li>Sport</li></ul><h1>The mill at the weir closes</h1>
<p>The mill at the weir will close in March after 140 years, its owner said on Monday at a meeting in the village hall.</p>
<p>Subscribe now for only £2.99 a week</p></body></html>"""


def examples(section: str, package: str) -> list[str]:
    """Return the code of a section, or skip if its package is missing."""
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed; docs/engines.md says with which version its example was run")
    return CODE.findall(SECTIONS[section])


def run(folder: Path, *code: str) -> str:
    """Run code as a script in a folder; return its standard output."""
    (folder / "example.py").write_text("\n".join(code), "utf-8")
    quiet = {"RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0", "RAY_USAGE_STATS_ENABLED": "0", "DO_NOT_TRACK": "1"}
    script = [sys.executable, "example.py"]
    ended = subprocess.run(
        script, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, **quiet}
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def articles(corpus: Corpus) -> list[dict[str, Any]]:
    """Return articles with ids, one without a text and one of boilerplate alone."""
    texts = [*corpus.texts[:12], None, "Log in\nSubscribe\nShare", "人口は三万人である。\n🌾 Share"]
    return [{"id": str(place), "text": text} for place, text in enumerate(texts)]


@pytest.fixture
def folder(tmp_path: Path, articles: list[dict[str, Any]]) -> Path:
    """Write the articles where the examples read them."""
    parquet.write_table(pa.Table.from_pylist(articles), tmp_path / "articles.parquet")
    (tmp_path / "articles").mkdir()
    for half in (0, 1):
        lines = [json.dumps(article) + "\n" for article in articles[half::2] if article["text"]]
        (tmp_path / "articles" / f"{half}.jsonl").write_text("".join(lines), "utf-8")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("section", TABLES)
def test_tables(section: str, folder: Path, articles: list[dict[str, Any]]) -> None:
    """The example for each engine writes the result of `clean_array` for every article."""
    run(folder, examples(section, TABLES[section])[0])
    written = folder / "clean.parquet" if (folder / "clean.parquet").exists() else folder / "clean"
    found = {row["id"]: row["text"] for row in dataset.dataset(written, format="parquet").to_table().to_pylist()}
    texts = clean_array([article["text"] for article in articles])
    assert found == {article["id"]: text for article, text in zip(articles, texts, strict=True)}


@pytest.mark.slow
def test_lines_of_polars(folder: Path, articles: list[dict[str, Any]]) -> None:
    """The second Polars example writes every line with its text and label."""
    run(folder, examples("Polars", "polars")[1])
    expected = []
    for article, labels in zip(articles, label_array([article["text"] for article in articles]), strict=True):
        rows = [] if labels is None else labels.tolist()
        expected += [
            (article["id"], article["text"][start:end], content, probability)
            for start, end, content, probability in rows
        ]
    names = ("id", "line", "content", "probability")
    found = parquet.read_table(folder / "lines.parquet").to_pylist()
    assert [tuple(row[name] for name in names) for row in found] == expected


@pytest.mark.slow
def test_langchain(folder: Path, articles: list[dict[str, Any]]) -> None:
    """The transformer returns the results of `clean_array`, and keeps the ids of the documents."""
    run(folder, *examples("LangChain", "langchain_core"))
    rows = [article for article in articles if article["text"]]
    expected = zip((row["id"] for row in rows), clean_array([row["text"] for row in rows]), strict=True)
    written = parquet.read_table(folder / "clean.parquet").to_pylist()
    assert [(row["id"], row["text"]) for row in written] == [*expected]


@pytest.mark.slow
def test_scrapy(folder: Path) -> None:
    """The pipeline writes the clean text of a page of HTML, and drops an empty page."""
    pytest.importorskip("resiliparse", reason="needs the html extra: pip install 'dechaff[html]'")
    (folder / "pages").mkdir()
    (folder / "pages" / "mill.html").write_text(PAGE_OF_ARTICLE, "utf-8")
    (folder / "pages" / "none.html").write_text("<html><body></body></html>", "utf-8")
    run(folder, *examples("Scrapy", "scrapy"))
    (item,) = map(json.loads, (folder / "clean.jsonl").read_text("utf-8").splitlines())
    assert item["url"].endswith("/pages/mill.html")
    assert item["text"] == clean_html(PAGE_OF_ARTICLE, url=item["url"])
    assert "village hall" in item["text"]


@pytest.mark.slow
def test_spacy(folder: Path, articles: list[dict[str, Any]]) -> None:
    """The component marks the lines that `classify_lines` calls boilerplate, with their kinds."""
    run(folder, *examples("spaCy", "spacy"))
    lines = [(each["id"], line) for each in articles if each["text"] for line in classify_lines(each["text"])]
    expected = [(name, line.text, line.kind) for name, line in lines if line.label == "boilerplate"]
    found = parquet.read_table(folder / "dropped.parquet").to_pylist()
    assert [(row["id"], row["line"], row["kind"]) for row in found] == expected


def check_datatrove(folder: Path, articles: list[dict[str, Any]]) -> None:
    """Compare the output of datatrove's example with `clean_array`."""
    zstandard = pytest.importorskip("zstandard")
    found = {}
    for path in (folder / "clean").glob("*.jsonl.zst"):
        with zstandard.open(path, "rt", encoding="utf-8") as lines:
            found.update({record["id"]: record["text"] for record in map(json.loads, lines)})
    texts = clean_array([article["text"] for article in articles])
    expected = {article["id"]: text for article, text in zip(articles, texts, strict=True) if text}
    assert found == expected
    assert len(list((folder / "excluded").glob("*.jsonl.zst"))) == 2


@pytest.mark.slow
def test_datatrove(folder: Path, articles: list[dict[str, Any]]) -> None:
    """The local example writes the results of `clean_array`, without articles that are empty then."""
    run(folder, examples("datatrove", "datatrove")[0])
    check_datatrove(folder, articles)
    assert (folder / "logs" / "stats.json").exists()


@pytest.mark.slow
def test_datatrove_on_slurm(folder: Path) -> None:
    """The example for Slurm makes an executor with the stated tasks; it is not run, for lack of a cluster."""
    pipeline, slurm = examples("datatrove", "datatrove")[0], examples("On a Slurm cluster", "datatrove")[0]
    imports, call = slurm.split("\n\n", 1)
    print_instead = "SlurmPipelineExecutor.run = lambda self: print(self.tasks, self.workers)"
    slurm = call.replace("/shared", "shared")
    output = run(folder, pipeline.split('if __name__ == "__main__"')[0], imports, print_instead, slurm)
    assert output.split() == ["500", "100"]


@pytest.mark.slow
def test_datatrove_on_ray(folder: Path, articles: list[dict[str, Any]]) -> None:
    """The example for Ray writes what the local one writes."""
    pipeline = examples("datatrove", "datatrove")[0].split('if __name__ == "__main__"')[0]
    run(folder, pipeline, *examples("On a Ray cluster", "ray"))
    check_datatrove(folder, articles)
