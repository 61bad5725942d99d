"""Tables of measured figures for the README, the accuracy page, the model card and the history of models.

``python -m dechaff_training.evaluate.model_card`` inserts the tables, which it makes from `data/evaluation/`: no
figure is typed by hand.
"""

import csv
import json
import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from dechaff import inspect_model
from dechaff.errors import CorpusError
from dechaff.files import written_whole
from dechaff.linear.artifact import model_digest
from dechaff_training.evaluate.evaluation import AFTER, BEFORE, LINE_HEADERS
from dechaff_training.evaluate.metrics import Estimate
from dechaff_training.evaluate.policy import FIGURES

ROOT: Final = Path(__file__).parents[3]
#: The column headers of inputs in the tables, by source and extractor.
INPUTS: Final = {
    ("scrapinghub", "resiliparse_all"): "scrapinghub, all text",
    ("scrapinghub", "resiliparse_main"): "scrapinghub, main content",
    ("scrapinghub", "trafilatura"): "scrapinghub, trafilatura",
    ("wcxb", "resiliparse_all"): "wcxb, all text",
    ("wcxb", "resiliparse_main"): "wcxb, main content",
    ("wcxb", "trafilatura"): "wcxb, trafilatura",
}
#: The systems in the README's table, with their names in the table.
SUMMARY: Final = {
    "resiliparse_all": "Resiliparse, all text",
    "resiliparse_all + C4 line rules": "Resiliparse, then C4's line rules",
    "resiliparse_all + dechaff": "**Resiliparse, then dechaff**",
    "clean_html": "**`clean_html`**",
    "trafilatura": "trafilatura",
    "trafilatura + dechaff": "trafilatura, then dechaff",
}
#: The systems in the README's table of lines, with their names there.
READ_SYSTEMS: Final = {
    "trafilatura": "trafilatura",
    "resiliparse_main": "Resiliparse, main content",
    "dechaff": "**Resiliparse, then dechaff**",
    "dechaff, with title": "the same with `title=`",
    "trafilatura -> dechaff": "trafilatura, then dechaff",
}
#: The figures in the README's table of lines, with their headers.
READ_FIGURES: Final = {
    "f1": "F1 of words",
    "headline_kept": "headline kept",
    "standfirst_kept": "standfirst kept",
    "short_kept": "short lines kept",
    "caption_dropped": "captions dropped",
    "comment_dropped": "comments dropped",
    "related_dropped": "related dropped",
}
Row = Mapping[str, Any]


def markdown_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown.

    Examples
    --------
    >>> print(markdown_table(["system", "F1"], [["keep all", ".689"]]))
    | system | F1 |
    |---|---|
    | keep all | .689 |
    """
    lines = [list(headers), ["---"] * len(headers), *map(list, rows)]
    return "\n".join(
        "|" + "|".join(line) + "|" if line[0] == "---" else f"| {' | '.join(line)} |" for line in lines
    )


def comparison_table(rows: Sequence[Row]) -> str:
    """Return a table of the text F1 of every system on articles, with a column for each input.

    Parameters
    ----------
    rows : sequence of mapping
        The results of `TextRow.to_dict`.
    """
    cells = {
        (row["system"], row["source"], row["extractor"]): _estimate(row["f1"])
        for row in rows
        if row["pages"] == "articles"
    }
    systems = dict.fromkeys(system for system, *_ in cells)
    inputs = [each for each in INPUTS if any((system, *each) in cells for system in systems)]
    body = [[system, *(str(cells.get((system, *each), "–")) for each in inputs)] for system in systems]
    return markdown_table(["system", *(INPUTS[each] for each in inputs)], body)


def benchmark_table(benchmark: Mapping[str, Any]) -> str:
    """Return a table of the text F1 of systems that start from HTML, on the articles of each source, and speed.

    Parameters
    ----------
    benchmark : mapping
        The result of `PageBenchmark.to_dict`.
    """
    rows = {(row["system"], row["source"]): row for row in benchmark["texts"] if row["pages"] == "articles"}
    sources = dict.fromkeys(source for _, source in rows)
    reference = benchmark["settings"]["reference"]
    headers = [header for source in sources for header in (source, f"less {reference}")]
    body = []
    for speed in benchmark["speeds"]:
        found = [rows[speed["system"], source][name] for source in sources for name in ("f1", "difference")]
        body.append([speed["system"], *map(str, map(_estimate, found)), f"{speed['pages_per_second']:,.0f}"])
    return markdown_table(["system", *headers, "pages/s"], body)


def summary_table(benchmark: Mapping[str, Any]) -> str:
    """Format the README's table: text F1 on the articles of each source, and pages per second.

    Parameters
    ----------
    benchmark : mapping
        The result of `PageBenchmark.to_dict`, as read from JSON.

    Raises
    ------
    CorpusError
        If a system is missing.
    """
    f1 = {
        (row["system"], row["source"]): str(_estimate(row["f1"]))
        for row in benchmark["texts"]
        if row["pages"] == "articles"
    }
    speeds = {row["system"]: f"{row['pages_per_second']:,.0f}" for row in benchmark["speeds"]}
    sources = dict.fromkeys(source for _, source in f1)
    missing = [
        system for system in SUMMARY if system not in speeds or any((system, each) not in f1 for each in sources)
    ]
    if missing:
        raise CorpusError(f"no figures of {missing[0]!r} from HTML: run 'make evaluate'")
    body = [[name, *(f1[system, source] for source in sources), speeds[system]] for system, name in SUMMARY.items()]
    return markdown_table(["", *sources, "pages/s"], body)


def read_table(rows: Sequence[Row], figures: Mapping[str, str], systems: Mapping[str, str]) -> str:
    """Return a table of figures on lines that a reader labelled; only the first column has intervals.

    Parameters
    ----------
    rows : sequence of mapping
        The results of `PolicyRow.to_dict`.
    figures : mapping of str to str
        The headers of the figures.
    systems : mapping of str to str
        The names of the systems in the table.

    Raises
    ------
    CorpusError
        If a system or a figure is missing.
    """
    body = []
    for system, name in systems.items():
        first, *others = _read_figures(rows, system, figures)
        values = (Estimate(_estimate(other).value) for other in others)
        body.append([name, str(_estimate(first)), *map(str, values)])
    return markdown_table(["", *figures.values()], body)


def whole_read_table(rows: Sequence[Row]) -> str:
    """Return a table of all figures on lines that a reader labelled, with intervals: a column for each system.

    Parameters
    ----------
    rows : sequence of mapping
        The results of `PolicyRow.to_dict`.
    """
    columns = [_read_figures(rows, row["system"], FIGURES) for row in rows]
    cells = zip(*columns, strict=True)
    body = [
        [name.replace("_", " "), *(str(_estimate(figure)) for figure in own)]
        for name, own in zip(FIGURES, cells, strict=True)
    ]
    return markdown_table(["", *(row["system"] for row in rows)], body)


def text_table(rows: Sequence[Row]) -> str:
    """Return a table of precision, recall and F1 of texts before and after cleaning, for each group of pages."""
    body = [
        (
            *(row["source"], row["pages"], row["extractor"], row["system"], f"{row['n_pages']:,}"),
            *(str(_estimate(row[name])) for name in ("precision", "recall", "f1", "difference")),
        )
        for row in rows
        if row["system"] in (BEFORE, AFTER)
    ]
    return markdown_table(["source", "pages", "extractor", "", "n", "P", "R", "F1", "F1 - before"], body)


def line_table(rows: Sequence[Row], by: str) -> str:
    """Return a table of the line figures of each group of one grouping."""
    chosen = [row for row in rows if row["by"] == by]
    body = [
        (row["group"], f"{row['n_lines']:,}", *(str(_estimate(row["lines"][name])) for name in LINE_HEADERS))
        for row in chosen
    ]
    return markdown_table([by.replace("_", " "), "lines", *LINE_HEADERS.values()], body)


def fill(text: str, blocks: Mapping[str, str]) -> str:
    r"""Return a text with each block inserted between its pair of markers.

    Raises
    ------
    CorpusError
        If a pair of markers is missing.

    Examples
    --------
    >>> fill("a\n<!-- begin x -->\nold\n<!-- end x -->\nb", {"x": "new"})
    'a\n<!-- begin x -->\nnew\n<!-- end x -->\nb'
    """
    for name, block in blocks.items():
        begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        if not pattern.search(text):
            raise CorpusError(f"no markers for {name}: write {begin} and {end} on lines of their own")
        filled = f"{begin}\n{block}\n{end}".replace("\\", r"\\")
        text = pattern.sub(filled, text)
    return text


def card_blocks(description: Mapping[str, Any], evaluation: Mapping[str, Any]) -> dict[str, str]:
    """Return the generated blocks of the model card, from a model's description and its evaluation."""
    metadata = description["metadata"]
    data = metadata["data"]
    n_read = data.get("n_read_articles")  # older models do not record it
    facts = {
        "format": str(description["version"]),
        "feature specification": description["specification"],
        "threshold": f"{description['threshold']:.2f}",
        "training articles": f"{data['n_articles']:,} of {data['n_sites']:,} sites, {data['n_lines']:,} lines",
        "of these by vote (silver)": f"{data['n_silver_articles']:,}",
        "of these labelled line by line by a reader": "unknown" if n_read is None else f"{n_read:,}",
        "by source": _format_counts(data["articles_by_source"]),
        "by extractor": _format_counts(data["articles_by_extractor"]),
        "by language": _format_counts(data["articles_by_language"]),
        "digest of the data": data["digest"],
        "seed": str(metadata["seed"]),
        "made with": ", ".join(f"{name} {number}" for name, number in metadata["versions"].items()),
        "code": metadata["git_commit"] or "unknown",
    }
    return {
        "facts": markdown_table(["", "value"], facts.items()),
        "texts": text_table(evaluation["texts"]),
        "lines": "\n\n".join(
            line_table(evaluation["lines"], by) for by in ("all", "page_type", "input", "language")
        ),
    }


def history_row(
    model: Path, description: Mapping[str, Any], evaluation: Mapping[str, Any], read: Sequence[Row]
) -> dict[str, str]:
    """Return a model's row of the history: its provenance, its text F1, and figures on lines a reader labelled.

    Parameters
    ----------
    model : Path
    description : mapping
        The result of `inspect_model`.
    evaluation : mapping
        The result of `Evaluation.to_dict`.
    read : sequence of mapping
        The results of `PolicyRow.to_dict`.

    Raises
    ------
    CorpusError
        If `read` lacks the model or one of its figures.
    """
    metadata = description["metadata"]
    figures = {
        INPUTS[row["source"], row["extractor"]]: _format_value(row["f1"], 4)
        for row in evaluation["texts"]
        if row["system"] == AFTER and row["pages"] == "articles" and (row["source"], row["extractor"]) in INPUTS
    }
    whole = next(row for row in evaluation["lines"] if row["by"] == "all")
    own = zip(READ_FIGURES, _read_figures(read, "dechaff", READ_FIGURES), strict=True)
    by_reader = {f"{name} (read)".replace("_", " "): _format_value(figure, 4) for name, figure in own}
    return {
        "version": metadata["versions"]["dechaff"],
        "sha256": model_digest(model)[:16],
        "commit": metadata["git_commit"] or "unknown",
        "articles": str(metadata["data"]["n_articles"]),
        "sites": str(metadata["data"]["n_sites"]),
        "content F1 of lines": _format_value(whole["lines"]["content_f1"], 4),
        "calibration error": _format_value(whole["lines"]["calibration_error"], 4),
        **figures,
        **by_reader,
    }


def add_history(path: Path, row: Mapping[str, str]) -> None:
    """Add the row of a model to the history; it replaces an earlier row of the same model.

    Parameters
    ----------
    path : Path
    row : dict of str to str
        The result of `history_row`.
    """
    rows: list[Mapping[str, str]] = []
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            rows = [old for old in csv.DictReader(file) if old["sha256"] != row["sha256"]]
    rows.append(row)
    names = list(dict.fromkeys(name for each in rows for name in each))
    with written_whole(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_reports(root: Path, model: Path) -> None:
    """Fill in README.md, docs/accuracy.md and the model card from `data/evaluation`; add to `data/history.csv`.

    Parameters
    ----------
    root : Path
        The project's folder.
    model : Path

    Raises
    ------
    CorpusError
        If a marker or a figure is missing, or the figures belong to another model.
    OSError
        If a file of figures is missing; `make evaluate` writes them.
    """
    folder = root / "data" / "evaluation"
    evaluation, read, comparison, benchmark = (
        json.loads((folder / name).read_text("utf-8"))
        for name in ("test.json", "read.json", "comparison.json", "benchmark.json")
    )
    digests = (
        evaluation["settings"]["model_sha256"],
        read["settings"]["model_sha256"],
        comparison["model_sha256"],
        benchmark["settings"]["model_sha256"],
    )
    if set(digests) != {model_digest(model)}:
        raise CorpusError(f"{folder}: the figures belong to another model: run 'make evaluate'")
    description = inspect_model(model)
    from_html = {"benchmark": benchmark_table(benchmark)}
    by_reader = {"read": whole_read_table(read["policy"])}
    summary = read_table(read["policy"], READ_FIGURES, READ_SYSTEMS)
    _rewrite(root / "README.md", {"read": summary, "summary": summary_table(benchmark)})
    comparisons = {"comparison": comparison_table(comparison["texts"]), **by_reader, **from_html}
    _rewrite(root / "docs" / "accuracy.md", comparisons)
    _rewrite(model.with_name("MODEL_CARD.md"), {**card_blocks(description, evaluation), **by_reader, **from_html})
    row = history_row(model, description, evaluation, read["policy"])
    add_history(root / "data" / "history.csv", row)


def _rewrite(path: Path, blocks: Mapping[str, str]) -> None:
    text = fill(path.read_text("utf-8"), blocks)
    with written_whole(path) as temporary:
        temporary.write_text(text, "utf-8")


def _read_figures(rows: Sequence[Row], system: str, names: Collection[str]) -> list[Mapping[str, float | None]]:
    """Return figures of a system on lines that a reader labelled."""
    found = next((row["figures"] for row in rows if row["system"] == system), None)
    if found is None:
        raise CorpusError(f"no figures of {system!r} on lines labelled by reading: run 'make evaluate'")
    missing = [name for name in names if name not in found]
    if missing:
        raise CorpusError(f"no figure {missing[0]!r} of {system!r}: run 'make evaluate'")
    return [found[name] for name in names]


def _estimate(figures: Mapping[str, float | None]) -> Estimate:
    value, low, high = (figures[name] for name in ("value", "low", "high"))
    return Estimate(*(math.nan if number is None else number for number in (value, low, high)))


def _format_value(figures: Mapping[str, float | None], decimals: int) -> str:
    value = _estimate(figures).value
    return "–" if math.isnan(value) else f"{value:.{decimals}f}"


def _format_counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items(), key=lambda item: -item[1]))


if __name__ == "__main__":
    write_reports(ROOT, Path(str(files("dechaff").joinpath("artifacts", "default.joblib"))))
