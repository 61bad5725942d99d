"""Compare the aligner's labels with a reader's, and votes of extractors with gold texts.

python benchmarks/alignment.py PAGES --votes

A reader labelled the lines of `data/alignment/sample.tsv` twice: by the gold text, and by the label policy. Votes
are evaluated on articles that have a gold text.
"""

import csv
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import numpy as np
import typer
from numpy.typing import NDArray

from dechaff._typing import Values
from dechaff.extras import load
from dechaff.text.lines import split_lines
from dechaff_training.corpus import BOILERPLATE, CONTENT, MASKED, Article
from dechaff_training.corpus.extraction import LEARNT, VOTERS, extract, find_headings
from dechaff_training.corpus.gold_alignment import (
    MIN_VOTER,
    USABLE_COVERAGE,
    Labels,
    align,
    ballots,
    coverage,
    vote,
)
from dechaff_training.corpus.pages import EVERYTHING, read_html, read_pages
from dechaff_training.corpus.policy_labels import digest_line
from dechaff_training.evaluate.metrics import Resamples, ratio
from dechaff_training.evaluate.tables import Table
from dechaff_training.report.rendering import print_tables

SAMPLE: Final = Path(__file__).parents[1] / "data" / "alignment" / "sample.tsv"
NAMES: Final = {CONTENT: "content", BOILERPLATE: "boilerplate", MASKED: "masked"}
#: Sources whose gold texts agree with the label policy; votes are evaluated on their articles.
GOLDS: Final = ("wcxb", "fundus_parser")


@dataclass(frozen=True)
class Line:
    """A line of the sample with the reader's labels by gold and by policy, and the aligner's label.

    Attributes
    ----------
    article : Article
    drawn : str
        "random" or "hard": how the line was drawn.
    gold : str
        "content", "boilerplate" or "masked"; "" if the page has no gold text.
    policy : str
        "content" or "boilerplate".
    label : str
        The aligner's.
    """

    article: Article
    drawn: str
    gold: str
    policy: str
    label: str


def read_lines(sample: Sequence[Mapping[str, str]], folder: Path) -> list[Line]:
    """Label the pages of the sample again; lines that an extractor prints differently today are left out."""
    with TemporaryDirectory() as cache:
        pages = write_pages(folder, {row["id"] for row in sample}, Path(cache) / "pages.parquet")
        articles = read_pages(pages, sorted({row["extractor"] for row in sample}), Path(cache))
    known = {(article.id, article.extractor): article for article in articles}
    lines = (find_line(row, known.get((row["id"], row["extractor"]))) for row in sample)
    return [line for line in lines if line]


def find_line(row: Mapping[str, str], article: Article | None) -> Line | None:
    """Find a line of the sample in its article."""
    spans, number = split_lines(article.text) if article else [], int(row["line"])
    if article is None or number >= len(spans):
        return None
    start, end = spans[number]
    if digest_line(article.text[start:end]) != row["digest"]:
        return None
    return Line(article, row["drawn"], row["gold"], row["policy"], NAMES[int(article.labels[number])])


def write_pages(folder: Path, ids: set[str], out: Path) -> Path:
    """Write some pages of a folder to one file, so that only these are extracted."""
    arrow, parquet = load("pyarrow", "bulk"), load("pyarrow.parquet", "bulk")
    tables = [parquet.read_table(file, filters=[("id", "in", ids)]) for file in sorted(folder.glob("*.parquet"))]
    parquet.write_table(arrow.concat_tables(tables, promote_options="permissive"), out)
    return out


def agreement_table(lines: Sequence[Line]) -> Table:
    """Return a table of the agreement of aligner and reader, by draw, source and extractor."""
    keys: dict[str, Callable[[Line], str]] = {
        "all": lambda _: "all",
        "drawn": lambda line: line.drawn,
        "source": lambda line: line.article.source,
        "extractor": lambda line: line.article.extractor,
    }
    rows = [
        (name, group, *agreement([line for line in lines if key(line) == group]))
        for name, key in keys.items()
        for group in sorted(set(map(key, lines)))
    ]
    headers = ("by", "group", "lines", "agree with reader by gold", "labelled", "of these agree by policy")
    return Table("The aligner's labels; labelled lines are those that it does not mask", headers, rows)


def agreement(lines: Sequence[Line]) -> tuple[str, ...]:
    """Compute the cells of one group: lines, agreement by gold, labelled lines, and their agreement by policy."""
    by_gold = [(bool(line.gold), line.gold == line.label and bool(line.gold)) for line in lines]
    by_policy = [(line.label != NAMES[MASKED], line.label == line.policy) for line in lines]
    resamples = Resamples([line.article.site for line in lines])
    golds, policies = (resamples.sums(np.array(pairs, np.float64)) for pairs in (by_gold, by_policy))
    shares = [ratio(sums[:, 1], sums[:, 0]) for sums in (golds, policies)]
    same, right = (str(resamples.estimate(share)) for share in shares)
    return str(len(lines)), same, f"{policies[0, 0] / len(lines):.0%}", right


def disagreement_table(lines: Sequence[Line]) -> Table:
    """Return a table that counts the disagreements by the labels of reader and aligner."""
    counts = Counter(("gold", line.gold, line.label) for line in lines if line.gold not in ("", line.label))
    counts += Counter(("policy", line.policy, line.label) for line in lines if line.policy != line.label)
    rows: list[tuple[str, ...]] = [
        (*labels, str(n)) for labels, n in sorted(counts.items(), key=lambda item: (item[0][0], -item[1]))
    ]
    return Table("Disagreements", ("by", "reader", "aligner", "lines"), rows)


@dataclass(frozen=True)
class Counts:
    """The number of lines of a page by gold, votes, and the label that results from the votes.

    Attributes
    ----------
    site : str
    votes : ndarray of int64, shape (2, n_voters + 1, 2)
        Lines by the first voter's vote, by all votes and by gold.
    labels : ndarray of int64, shape (3, 2)
        Lines by label (from MASKED on) and by gold.
    """

    site: str
    votes: NDArray[np.int64]
    labels: NDArray[np.int64]


def count_page(article: Article, html: str) -> Counts | None:
    """Count the votes on a page, over the texts of all extractors of the training corpus."""
    body, texts = article.body or (), {name: extract(html, name) for name in {*LEARNT, *VOTERS, EVERYTHING}}
    if article.page_type != "article" or coverage(texts[EVERYTHING], body) < USABLE_COVERAGE:
        return None
    counts = Counts(article.site, np.zeros((2, len(VOTERS) + 1, 2), np.int64), np.zeros((3, 2), np.int64))
    headings, extractions = find_headings(html), [texts[voter] for voter in VOTERS]
    for name in LEARNT:
        gold = align(texts[name], body, article.title, headings)
        count_text(counts, gold, vote(texts[name], extractions, article.title, headings), texts[name], extractions)
    return counts


def count_text(counts: Counts, gold: Labels, labels: Labels | None, text: str, extractions: Sequence[str]) -> None:
    """Add the lines of one text to the counts of its page; lines that the gold masks are left out."""
    if labels is None:
        return
    votes = ballots(text, extractions) == CONTENT
    known, first = gold != MASKED, votes[0] & (len(extractions[0]) >= MIN_VOTER)
    np.add.at(counts.votes, (first.astype(int)[known], votes.sum(0)[known], gold[known]), 1)
    np.add.at(counts.labels, (labels[known] - MASKED, gold[known]), 1)


def vote_tables(name: str, pages: Path) -> list[Table]:
    """Return tables that compare votes with the gold texts of a file of pages."""
    joblib = load("joblib")
    jobs = (joblib.delayed(count_page)(article, html) for article, html in read_html(pages))
    counts = [one for one in joblib.Parallel(n_jobs=-1, batch_size=8)(jobs) if one]
    resamples = Resamples([one.site for one in counts])
    votes = resample(resamples, [one.votes for one in counts])
    labels = resample(resamples, [one.labels for one in counts])
    by_number = votes.sum(1)
    shares: list[tuple[str, ...]] = [
        (str(n), f"{by_number[0, n].sum():,.0f}", estimate(resamples, by_number[:, n, 1], by_number[:, n].sum(-1)))
        for n in range(by_number.shape[1])
    ]
    rules = {f"{n} or more": by_number[:, n:].sum(1) for n in range(1, by_number.shape[1])}
    rules |= {f"{n} or more, the first among them": votes[:, 1, n:].sum(1) for n in range(1, votes.shape[2])}
    content, decided = by_number.sum(1)[:, 1], labels[:, 1:].sum(1)[:, 1]
    rows = [rule_row(resamples, rule, kept, content) for rule, kept in rules.items()]
    rows.append(rule_row(resamples, "in use", labels[:, 2], content))
    rows.append(rule_row(resamples, "in use, of the lines that it labels", labels[:, 2], decided))
    return [
        Table(f"{name}: lines by votes", ("votes", "lines", "content by gold"), shares),
        Table(f"{name}: content by votes, against the gold", ("votes", "precision", "recall", "F1"), rows),
    ]


def resample(resamples: Resamples, counts: Sequence[NDArray[np.int64]]) -> Values:
    """Sum counts over the sample of sites and each resample; resamples become the first axis."""
    return resamples.sums(np.array([one.ravel() for one in counts], np.float64)).reshape(-1, *counts[0].shape)


def rule_row(resamples: Resamples, rule: str, kept: Values, content: Values) -> tuple[str, ...]:
    """Return precision, recall and F1 of a rule from the lines that it keeps, by gold, and all content lines."""
    right, n_kept = kept[:, 1], kept.sum(1)
    pairs = ((right, n_kept), (right, content), (2 * right, n_kept + content))
    return (rule, *(estimate(resamples, part, whole) for part, whole in pairs))


def estimate(resamples: Resamples, part: Values, whole: Values) -> str:
    """Format a share with its interval."""
    return str(resamples.estimate(ratio(part, whole)))


def main(
    pages: Annotated[Path, typer.Argument(help="A folder with `train/`, Parquet files of pages.")],
    sample: Annotated[Path, typer.Option(help="The lines that a reader labelled.")] = SAMPLE,
    votes: Annotated[bool, typer.Option(help="Compare votes with gold texts, too: some minutes.")] = False,
) -> None:
    """Compare the aligner with a reader, and silver labels with gold texts."""
    folder = pages / "train"
    if not folder.is_dir():
        raise typer.BadParameter(f"{folder}: no such folder")
    with sample.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    lines = read_lines(rows, folder)
    print(f"{len(rows) - len(lines)} of {len(rows)} lines of the sample are not found on the pages")
    print_tables([agreement_table(lines), disagreement_table(lines)])
    if votes:
        for name in GOLDS:
            print_tables(vote_tables(name, folder / f"{name}.parquet"))


if __name__ == "__main__":
    typer.run(main)
