"""A table of figures, for the terminal and documents."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """A table to print: title, column headers, rows of cells, and a legend of the columns."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    legend: tuple[str, ...] = ()
