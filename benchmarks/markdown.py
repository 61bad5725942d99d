"""Measure what is left of Markdown of which nothing should go: python benchmarks/markdown.py --json markdown.json.

The texts are the long descriptions of all installed packages that are written in Markdown. All of their text is
content but the badges, which do not count.
"""

import argparse
import json
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np

from dechaff import classify_lines
from dechaff._typing import Flags
from dechaff.files import written_whole
from dechaff.text.markup.blocks import Block, Parsed, parse
from dechaff.text.reading import Rows

KINDS: Final = {"fences": "code", "tables": "table", "headings": "heading"}


def descriptions() -> Iterator[tuple[str, str]]:
    """Yield the name and the description of each installed package that is described in Markdown."""
    for package in sorted(distributions(), key=lambda each: each.name):
        text = package.metadata.get_payload()  # type: ignore[attr-defined]
        if str(package.metadata["Description-Content-Type"]).startswith("text/markdown"):
            text = package.metadata["Description"] or text
            if text.strip():
                yield package.name, text


def measure(text: str) -> dict[str, int]:
    """Count what a description has, and what is left of it."""
    rows = Rows.of(text, markdown=True)
    parsed = parse(rows)
    assert parsed is not None, "nested too deeply"
    kept = find_kept(rows, text)
    counts: dict[str, int] = {}
    for name, kind in KINDS.items():
        blocks = [block for block in parsed.blocks if block.kind == kind and not is_badges(block, rows)]
        counts |= {name: len(blocks), f"{name} left": sum(bool(kept[block.rows].all()) for block in blocks)}
    words = np.array([len(row.split()) for row in rows.texts]) * ~badges(rows, parsed)
    return counts | {
        "words": int(words.sum()),
        "words left": int(words[kept].sum()),
        "documents": 1,
        "open fences": has_open_fence(rows.select(kept)) and not has_open_fence(text),
    }


def find_kept(rows: Rows, text: str) -> Flags:
    """Return which rows are kept."""
    kept = np.zeros(len(rows), np.bool_)
    kept[rows.of_lines] = [line.label == "content" for line in classify_lines(text, format="markdown")]
    return kept


def is_badges(block: Block, rows: Rows) -> bool:
    """Return whether a block is a table of badges: most of its rows hold a linked image."""
    return block.kind == "table" and sum("[![" in rows.texts[row] for row in block.rows) > len(block.rows) / 2


def badges(rows: Rows, parsed: Parsed) -> Flags:
    """Return which rows are nothing but linked images."""
    found = np.zeros(len(rows), np.bool_)
    for block in parsed.blocks:
        if block.kind == "paragraph":
            plain = {piece.row for piece in block.pieces if not piece.linked and piece.text.strip()}
            found[[row for row in block.rows if row not in plain and "![" in rows.texts[row]]] = True
        if is_badges(block, rows):
            found[block.rows] = True
    return found


def has_open_fence(text: str) -> bool:
    """Return whether the last fence of a text is not closed."""
    rows = Rows.of(text, markdown=True)
    parsed = parse(rows)
    codes = [block for block in parsed.blocks if block.kind == "code"] if parsed else []
    if not codes:
        return False
    first, last = (rows.texts[row].strip("> \t\r\n-*") for row in (codes[-1].first, codes[-1].last))
    return first.startswith(("```", "~~~")) and not last.startswith(first[:3])


def main() -> None:
    """Print the shares that are left, and write them as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", action="store_true", help="print a line for each package too")
    parser.add_argument("--json", type=Path, help="file for the figures")
    arguments = parser.parse_args()
    start, texts = perf_counter(), dict(descriptions())
    total: dict[str, int] = {}
    for name, text in texts.items():
        counts = measure(text)
        total = {key: total.get(key, 0) + count for key, count in counts.items()}
        if arguments.each:
            print(f"{name:30}", *(f"{key} {count}" for key, count in counts.items()), sep="  ")
    for name in (*KINDS, "words"):
        print(f"{name:12}{total[name]:8,}{total[f'{name} left'] / max(total[name], 1):8.3f} left")
    print(f"{total['documents']} documents, {total['open fences']} with an open fence")
    seconds, megabytes = perf_counter() - start, sum(map(len, texts.values())) / 1e6
    print(f"{megabytes:.2f} MB in {seconds:.1f} s")
    if arguments.json:
        with written_whole(arguments.json) as temporary:
            temporary.write_text(json.dumps(total, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
