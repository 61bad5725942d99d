"""The outcome of a bulk run as one HTML page: which documents to look at, and what was dropped."""

from collections.abc import Iterable
from typing import Any, Final
from xml.etree.ElementTree import Element

from dechaff.bulk import Summary
from dechaff.bulk.samples import Samples
from dechaff.wording import count
from dechaff_training.report.elements import add, add_table, begin_page, end_page

#: What each flag means.
_REASONS: Final = {
    "nearly all dropped": "less than a twentieth of its characters is left",
    "unsure": "many of its lines are neither clearly content nor clearly boilerplate",
    "kept by the guard": "no line reached the threshold: the best ones were kept all the same",
}
_N_FREQUENT: Final = 20


def make_bulk_page(summary: Summary, rows: Iterable[str]) -> str:
    r"""Build the page.

    Parameters
    ----------
    summary : Summary
        The summary of a run whose settings ask for samples.
    rows : iterable of str
        The lines of the summary as the terminal shows them.

    Examples
    --------
    >>> page = make_bulk_page(Summary(), ["0 documents"])
    >>> "No document is flagged." in page
    True
    """
    samples = summary.counts.samples or Samples()
    root, main = begin_page("dechaff bulk", "What to look at before you trust the result")
    overview = add(main, "section", aria_labelledby="overview")
    add(overview, "h2", "Overview", id="overview")
    for row in rows:
        add(overview, "p", row)
    if summary.n_skipped:
        add(overview, "p", "Files finished by an earlier run without a report are not in the samples.")
    _add_documents(add(main, "section", aria_labelledby="documents"), summary, samples)
    _add_lines(add(main, "section", aria_labelledby="lines"), summary, samples)
    return end_page(root)


def _add_documents(section: Element, summary: Summary, samples: Samples) -> None:
    add(section, "h2", "Documents to look at", id="documents")
    found, n = samples.documents, summary.counts.n_flagged
    if not found:
        add(section, "p", "No document is flagged.")
        return
    shown = "" if len(found) == n else f"; {count(len(found), 'document')} of them at random"
    table = add_table(section, f"{count(n, 'document')} flagged{shown}", ("document", "lines kept", "reason"))
    for row in sorted(found, key=lambda row: (row["flags"], row["file"], row["record"])):
        cells = add(table, "tr")
        _add_place(cells, row)
        add(cells, "td", f"{row['n_kept']:,} of {row['n_lines']:,}", class_="number")
        add(cells, "td", "; ".join(f"{flag}: {_REASONS.get(flag, '')}" for flag in row["flags"]))


def _add_lines(section: Element, summary: Summary, samples: Samples) -> None:
    add(section, "h2", "Dropped lines", id="lines")
    add(section, "p", "A few lines of each kind, at random, the most doubtful first.", class_="facts")
    for kind, rows in sorted(samples.lines.items()):
        table = add_table(section, kind, ("document", "probability of content", "times, at least", "line"))
        for row in sorted(rows, key=lambda row: -row["probability"]):
            cells = add(table, "tr")
            _add_place(cells, row)
            add(cells, "td", f"{row['probability']:.2f}", class_="number")
            add(cells, "td", f"{summary.counts.times(row['text']):,}", class_="number")
            add(cells, "td", row["text"], class_="text", dir="auto")
    table = add_table(section, "Dropped most often", ("times", "line"))
    for line, n in summary.counts.frequent.most_common(_N_FREQUENT):
        cells = add(table, "tr")
        add(cells, "td", f"{n:,}", class_="number")
        add(cells, "td", line, class_="text", dir="auto")


def _add_place(cells: Element, row: dict[str, Any]) -> None:
    head = add(cells, "th", f"{row['file']}, record {row['record']:,}", scope="row", dir="auto")
    if not row["id"].endswith(f":{row['record']}"):
        add(head, "p", row["id"], class_="facts", dir="auto")
