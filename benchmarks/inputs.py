"""Measure what dechaff keeps of each input: HTML, and the text or the Markdown of each extractor.

python benchmarks/inputs.py PAGES/policy/test.parquet --html PAGES/test --json inputs.json

The pages are those whose lines a reader labelled. A line counts as kept if half of its words stand in the output,
in order; the marks of Markdown and the addresses of its links are not words. Extractors that are not installed are
left out.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, NamedTuple

import numpy as np
import typer

from dechaff import clean_html, clean_markdown, keep_content
from dechaff.errors import MissingExtraError
from dechaff.files import written_whole
from dechaff.linear.line_model import LineModel
from dechaff.text.markup.blocks import parse
from dechaff.text.reading import Rows
from dechaff_training.corpus import Article, find_files
from dechaff_training.corpus.extraction import extract, page_text
from dechaff_training.corpus.pages import read_html
from dechaff_training.corpus.policy_labels import read_labels
from dechaff_training.corpus.text_matching import line_texts
from dechaff_training.evaluate.policy import PolicyRow, compare_outputs
from dechaff_training.evaluate.tables import Table
from dechaff_training.files.models import load
from dechaff_training.files.progress import Bar
from dechaff_training.report.rendering import print_tables

#: The figures of the table, before the share of pages whose headline is a line of the output.
SHOWN: Final = ("f1", "precision", "recall", "headline_kept", "standfirst_kept", "short_kept")


class Source(NamedTuple):
    """What a page is cleaned from.

    Attributes
    ----------
    form : str
        "html", "markdown" or "text".
    print_page : callable
        Returns the input made of a page's HTML.
    options : dict
        Options of `clean_html`, for HTML.
    """

    form: str
    print_page: Callable[[str], str]
    options: Mapping[str, Any] = MappingProxyType({})


def html2text(html: str, **options: object) -> str:
    """Return the Markdown of html2text; options are set as attributes."""
    handler = import_module("html2text").HTML2Text()
    for name, value in options.items():
        setattr(handler, name, value)
    return str(handler.handle(html))


def markdownify(html: str) -> str:
    """Return the Markdown of markdownify."""
    return str(import_module("markdownify").markdownify(html))


def trafilatura(html: str, **options: object) -> str:
    """Return the text or the Markdown of trafilatura."""
    return import_module("trafilatura").extract(html, **options) or ""


def readability(html: str) -> str:
    """Return the summary of readability, which is HTML."""
    return str(import_module("readability").Document(html).summary())


#: The inputs by name.
SOURCES: Final[dict[str, Source]] = {
    "HTML": Source("html", str),
    "HTML to Markdown": Source("html", str, {"output": "markdown"}),
    "HTML, main content": Source("html", str, {"extractor": "resiliparse_main"}),
    **{
        name: Source("text", partial(extract, extractor=name))
        for name in ("resiliparse_all", "resiliparse_main", "html_text", "inscriptis")
    },
    "trafilatura": Source("text", trafilatura),
    "trafilatura, Markdown": Source("markdown", partial(trafilatura, output_format="markdown")),
    "html2text": Source("markdown", html2text),
    "html2text, body_width=0": Source("markdown", partial(html2text, body_width=0)),
    "markdownify": Source("markdown", markdownify),
    "readability": Source("html", readability),
    "newspaper4k": Source("text", partial(page_text, name="newspaper4k")),
}


def clean(source: Source, page: Article, html: str, model: LineModel) -> str:
    """Return the text that dechaff keeps of a page."""
    text = source.print_page(html)
    if source.form == "html":
        title = None if source.print_page is str else page.title
        cleaned = clean_html(text, model=model, title=title, **source.options)
        return without_marks(cleaned) if source.options.get("output") == "markdown" else cleaned
    if source.form == "markdown":
        return without_marks(clean_markdown(text, model, title=page.title))
    return keep_content(text, model, title=page.title)


def without_marks(markdown: str) -> str:
    r"""Return the text of each block of Markdown, without marks and addresses.

    Examples
    --------
    >>> without_marks("# The *mill*\n\n- [shuts](/mill-shuts)\n")
    'The mill\nshuts'
    """
    parsed = parse(Rows.of(markdown, markdown=True))
    if parsed is None:
        return markdown
    texts = ("".join(piece.text for piece in block.pieces) for block in parsed.blocks)
    return "\n".join(text for text in texts if text.strip())


def installed() -> Iterator[str]:
    """Yield the names of the sources whose package is installed."""
    for name, source in SOURCES.items():
        try:
            source.print_page("<p>The mill at the weir will close in the spring.</p>")
        except (ImportError, MissingExtraError) as error:
            print(f"{name} is left out: {error}")
        else:
            yield name


def share_with_headline(pages: list[Article], outputs: list[str]) -> float:
    """Return the share of pages whose headline is a line of the output, whichever of its copies that is."""
    found = []
    for page, output in zip(pages, outputs, strict=True):
        lines, roles = line_texts(page.text), page.roles or ()
        headlines = {letters(line) for line, role in zip(lines, roles, strict=True) if role == "headline"}
        if headlines:
            found.append(not headlines.isdisjoint(map(letters, output.splitlines())))
    return float(np.mean(found))


def letters(text: str) -> str:
    """Return the letters and digits of a text in lower case."""
    return "".join(filter(str.isalnum, text.lower()))


def measure(pages: list[Article], html: dict[str, str], model: LineModel) -> tuple[list[PolicyRow], list[float]]:
    """Clean all pages from each source, and return the rows with the result of `share_with_headline`."""
    names = list(installed())
    outputs: dict[str, list[str]] = {name: [] for name in names}
    with Bar("cleaning", len(names) * len(pages)) as bar:
        for page in pages:
            for name in names:
                outputs[name].append(clean(SOURCES[name], page, html[page.id], model))
                bar.advance()
    return compare_outputs(pages, outputs), [share_with_headline(pages, each) for each in outputs.values()]


def main(
    labels: Annotated[Path, typer.Argument(help="A Parquet file of pages whose lines a reader labelled.")],
    html: Annotated[Path, typer.Option(help="A Parquet file with the HTML of these pages, or a folder of them.")],
    model: Annotated[Path | None, typer.Option(help="A model file; by default the one that ships.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the rows as JSON.")] = None,
) -> None:
    """Measure what dechaff keeps of HTML, text and Markdown by the lines that a reader labelled."""
    pages = [page for page in read_labels(labels) if page.page_type == "article"]
    known = {page.id for page in pages}
    found = {
        article.id: text
        for file in find_files(html, (".parquet",))
        for article, text in read_html(file)
        if article.id in known
    }
    rows, with_headline = measure([page for page in pages if page.id in found], found, load(model))
    if json_file is not None:
        with written_whole(json_file) as temporary:
            described = [
                row.to_dict() | {"with_headline": share} for row, share in zip(rows, with_headline, strict=True)
            ]
            temporary.write_text(json.dumps(described, indent=1) + "\n", "utf-8")
    cells = [
        (row.system, *(str(row.figures[name]) for name in SHOWN), f"{share:.3f}")
        for row, share in zip(rows, with_headline, strict=True)
    ]
    headers = ("input", *(name.replace("_", " ") for name in SHOWN), "with headline")
    print_tables([Table(f"Lines labelled by reading, {rows[0].n_pages} pages", headers, cells)])


if __name__ == "__main__":
    typer.run(main)
