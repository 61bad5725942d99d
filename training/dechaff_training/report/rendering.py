"""Terminal output: labelled lines with reasons, model files and tables of figures."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.columns import Columns
from rich.console import Console, RenderableType
from rich.measure import Measurement
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from dechaff.bulk.drift import KEY as PROFILE
from dechaff.explain.kinds import KINDS
from dechaff.results import CleanedArticle, LabelledLine
from dechaff.wording import count
from dechaff_training.evaluate.overlap import FINE_TUNINGS
from dechaff_training.files.text_io import show_path

if TYPE_CHECKING:
    from dechaff_training.evaluate.tables import Table as Figures

# Control characters that move the cursor, ring the bell or change the writing direction of the line.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_STYLES = {"content": "green", "boilerplate": "red"}
_MARKS = {"content": "+", "boilerplate": "-"}
_NARROW = 60
_KIND_WIDTH = max(map(len, KINDS))
_UNLIMITED = 1_000_000
# Of longer lists, such as the digests of all sites, only the length is printed.
_MANY = 10
_NUMERIC = frozenset("0123456789.+-−–")


class PipeConsole(Console):
    """A console that leaves the handling of closed pipes to the command line."""

    def on_broken_pipe(self) -> None:
        """Raise `BrokenPipeError`."""
        raise BrokenPipeError


class LinePrinter:
    """Printer of labelled articles; lines are cut to the width of a terminal, but not elsewhere.

    Parameters
    ----------
    limit : int
        Maximum number of reasons per line.
    full : bool
        Wrap long lines on a terminal instead of cutting them.
    by_feature : bool
        Print feature names as reasons instead of sentences.
    """

    def __init__(self, limit: int, *, full: bool = False, by_feature: bool = False) -> None:
        self._console = PipeConsole(highlight=False)
        self._limit, self._by_feature = limit, by_feature
        self._narrow = self._console.is_terminal and self._console.width < _NARROW
        self._cut = self._console.is_terminal and not full
        self._wrap = self._console.is_terminal and full

    def print_article(self, path: Path, article: CleanedArticle, *, named: bool) -> None:
        """Print the lines of an article, then the number of kept lines."""
        if named:
            self._print_heading(show_path(path))
        for line in article.lines:
            self._print_line(line)
        flags = "".join(f" · {flag}" for flag in article.flags)
        verb = "is" if article.n_kept == 1 else "are"
        lines = f"{article.n_kept:,} of {count(article.n_lines, 'line')} {verb} content"
        self._print(Text(f"{lines}{flags}", style="bold"))

    def _print_heading(self, name: str) -> None:
        if self._console.is_terminal:
            self._console.print(Rule(Text(name), align="left"))
        else:
            self._print(Text(f"== {name}"))

    def _print_line(self, line: LabelledLine) -> None:
        style = _STYLES[line.label]
        label = "" if self._narrow else f"{line.label:<11} {line.kind or '':<{_KIND_WIDTH}} "
        row = Text.assemble((f"{_MARKS[line.label]} {label}{line.probability:.2f} ", f"bold {style}"))
        indent = row.cell_len
        row.append(visible(line.text), style)
        self._print(row, indent)
        for text in self._reason_rows(self._reasons(line), indent):
            self._print(Text(" " * indent + text, style="dim"))

    def _reasons(self, line: LabelledLine) -> list[str]:
        if not self._limit:  # explaining an article takes longer than labelling it
            return []
        if self._by_feature:
            found = [(_cut_middle(reason.feature), reason.contribution) for reason in line.reasons(self._limit)]
        else:
            found = [(why.text, why.contribution) for why in line.why(self._limit)]
        return [f"{contribution:+.1f} {visible(text)}" for text, contribution in found]

    def _reason_rows(self, found: list[str], indent: int) -> Iterator[str]:
        """Yield rows of reasons, each as full as the width of the terminal allows."""
        room = self._console.width - indent if self._console.is_terminal else _UNLIMITED
        row = ""
        for shown in found:
            joined = f"{row} · {shown}" if row else shown
            if row and Text(joined).cell_len > room:
                yield row
                row = shown
            else:
                row = joined
        if row:
            yield row

    def _print(self, row: Text, indent: int = 0) -> None:
        if self._wrap and indent:
            grid = Table.grid()
            grid.add_column(width=indent)
            grid.add_column()
            grid.add_row(row[:indent], row[indent:])
            self._console.print(grid)
            return
        if self._cut:
            row.truncate(self._console.width, overflow="ellipsis")
        self._console.print(row, soft_wrap=True)


def visible(text: str) -> str:
    r"""Replace control characters that would act on a terminal.

    Examples
    --------
    >>> visible("red \x1b[31m alert")
    'red �[31m alert'
    """
    return _CONTROLS.sub("\ufffd", text.replace("\t", " "))


def model_report(description: dict[str, Any], *, narrow: bool = False) -> Iterator[RenderableType]:
    """Yield a description by `inspect_model` as tables: metadata, then the strongest weights."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold", overflow="fold")
    facts.add_column(overflow="fold")
    rest = {name: value for name, value in description.items() if name not in ("weights", "metadata")}
    # The profile is too long for the table.
    metadata = {name: v for name, v in description["metadata"].items() if name not in (PROFILE, FINE_TUNINGS)}
    for name, value in _flatten({**rest, **metadata, **_fine_tunings(description["metadata"])}):
        facts.add_row(Text(name), Text(visible(value)))
    yield facts
    for part, weights in description["weights"].items():
        yield _weight_table(part, weights, narrow=narrow)


def _fine_tunings(metadata: dict[str, Any]) -> dict[str, str]:
    """Return a sentence on each fine-tuning: how many labels, how strongly, from which model."""
    entries = metadata.get(FINE_TUNINGS)
    known = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    found = {}
    for number, entry in enumerate(known, 1):
        data = entry["data"] if isinstance(entry.get("data"), dict) else {}
        counts = ", ".join(f"{data.get(f'n_{name}', '?')} {name}" for name in ("lines", "articles", "sites"))
        start, commit = (str(entry.get(name))[:12] for name in ("start_digest", "git_commit"))
        found[f"fine-tuning {number}"] = (
            f"{counts}; strength {entry.get('strength', '?')}; from the model {start}…; "
            f"seed {entry.get('seed', '?')}; dechaff commit {commit}"
        )
    return found


def _flatten(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the path and the text of every value in nested dictionaries."""
    for name, value in values.items():
        path = visible(f"{prefix}{name}")
        if isinstance(value, dict) and value:
            yield from _flatten(value, f"{path} · ")
        else:
            listed = isinstance(value, list) and len(value) > _MANY
            yield path, f"{value:.4g}" if isinstance(value, float) else f"{len(value)}" if listed else str(value)


def _weight_table(part: str, weights: list[tuple[str, float]], *, narrow: bool) -> Table:
    table = Table(title=part, title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0))
    table.add_column("weight", justify="right", no_wrap=True)
    table.add_column("name", overflow="fold")
    if not narrow:
        table.add_column("for")
    kind = part.removeprefix("kind ") if part.startswith("kind ") else None
    for name, weight in weights:
        # The regression of a kind of boilerplate has a positive weight for lines of that kind.
        label = "content" if (weight > 0) == (kind is None) else "boilerplate"
        word = label if kind is None else kind if weight > 0 else f"not {kind}"
        cells = (f"{weight:+.3f}", Text(visible(name)), Text(word, style=_STYLES[label]))
        table.add_row(*cells[: len(table.columns)])
    return table


def _cut_middle(name: str, room: int = 48) -> str:
    """Shorten a feature's name in the middle: it can be as long as a line."""
    return name if len(name) <= room else f"{name[: room - 12]}…{name[-11:]}"


def print_model(description: dict[str, Any]) -> None:
    """Print a description by `inspect_model`."""
    console = PipeConsole(highlight=False)
    for part in model_report(description, narrow=console.width < _NARROW):
        console.print(part, "")


def print_note(note: str) -> None:
    """Print a sentence, wrapped to the width of a terminal."""
    console = PipeConsole(highlight=False)
    console.print(Text(note), soft_wrap=not console.is_terminal)


def print_tables(tables: "Sequence[Figures]") -> None:
    """Print tables of figures with their legends; those too wide for the terminal, or for 80 columns, as lists."""
    console = PipeConsole(highlight=False)
    for figures in tables:
        table = _figures_table(figures)
        width = Measurement.get(console, console.options.update(max_width=_UNLIMITED), table).maximum
        if width <= console.width:
            console.print(table)
        else:
            for part in _figures_list(figures):
                console.print(part)
        for row in figures.legend:
            console.print(Text(row, style="dim"))
        console.print()


def _figures_table(figures: "Figures") -> Table:
    table = Table(title=figures.title, title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0))
    for name, cells in zip(figures.columns, zip(*figures.rows, strict=True), strict=False):
        numeric = all(cell[:1] in _NUMERIC for cell in cells)
        table.add_column(name, justify="right" if numeric else "left", no_wrap=True)
    for row in figures.rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    return table


def _figures_list(figures: "Figures") -> Iterator[RenderableType]:
    """Yield the rows of a table as headings, each followed by a list of its named figures."""
    yield Text(figures.title, style="bold underline")
    for row in figures.rows:
        cells = [(name, visible(cell)) for name, cell in zip(figures.columns, row, strict=True) if cell]
        yield Text(" · ".join(cell for _, cell in cells if cell[0] not in _NUMERIC), style="bold")
        numbers = [(name, cell) for name, cell in cells if cell[0] in _NUMERIC]
        widest = max((len(name) for name, _ in numbers), default=0)
        named = [Text(f"{name:<{widest}}  {cell}", no_wrap=True) for name, cell in numbers]
        yield Padding(Columns(named, padding=(0, 4, 0, 0)), (0, 0, 0, 2))
