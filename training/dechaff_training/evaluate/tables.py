"""A table of figures, for the terminal and documents."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """A table to print: title, column headers, and rows of cells."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
