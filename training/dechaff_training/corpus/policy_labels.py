"""Labels by reading: pages whose lines a reader labelled, carried over to the texts of other extractors."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dechaff.errors import CorpusError
from dechaff.extras import load
from dechaff.text.lines import split_lines
from dechaff_training.corpus.articles import Article
from dechaff_training.corpus.gold_alignment import BOILERPLATE, CONTENT, MASKED
from dechaff_training.corpus.text_matching import Tokens

Labels = NDArray[np.int8]
Indices = NDArray[np.int64]

#: The columns by which a Parquet file is recognised as labels by reading.
COLUMNS: Final = ("id", "site", "text", "lines")
_CODES: Final = {"content": CONTENT, "boilerplate": BOILERPLATE}
# A line takes a label that this share of its tokens has, and of which no other label has more than the rest.
_AGREED: Final = 0.8
_DISPUTED: Final = 0.1
# A stretch in which the texts differ is aligned token by token up to this product of their lengths.
_MOST_CELLS: Final = 25_000_000


@dataclass(frozen=True, eq=False)
class ReadPage:
    """A page whose lines a reader labelled.

    Attributes
    ----------
    id, site : str
        As in the file with the page's HTML.
    text : str
        The text that was read.
    labels : ndarray of int8, shape (n_lines,)
        CONTENT or BOILERPLATE; MASKED where two careful readers could differ.
    kinds, roles : tuple of str, length n_lines
        The kind of boilerplate, and the role of content (headline, standfirst, lead); "" where there is none.
    language, title : str, optional
    page_kind : str
        "article", "forum", "product", ...
    """

    id: str
    site: str
    text: str
    labels: Labels
    kinds: tuple[str, ...]
    roles: tuple[str, ...]
    language: str | None = None
    title: str | None = None
    page_kind: str = "article"

    def to_article(self) -> Article:
        """Return the text that was read as an article with labels."""
        source = self.id.partition("/")[0]
        page_type = "article" if self.page_kind in ("article", "liveblog") else self.page_kind
        return Article(
            self.text, self.labels, self.site, self.id, source, self.language, page_type, "resiliparse_all",
            title=self.title, roles=self.roles, policy_kinds=self.kinds,
        )  # fmt: skip

    def label(self, article: Article) -> Article:
        """Return another text of the page with the labels carried over."""
        labels, kinds, roles = carry_over(self, article.text)
        return replace(article, labels=labels, silver=False, roles=roles, policy_kinds=kinds)


def is_read(column_names: Sequence[str]) -> bool:
    """Return whether a Parquet file with these columns holds labels by reading."""
    return set(COLUMNS) <= set(column_names) and "html" not in column_names


def read_labels(path: Path) -> list[ReadPage]:
    """Read pages that were labelled by reading.

    Parameters
    ----------
    path : Path
        A Parquet file with the columns `id`, `site`, `text` and `lines`, a list of structs with `start`, `end`,
        `label`, and optionally `kind`, `role` and `doubt`; `language`, `title` and `page_kind` are read if present.

    Raises
    ------
    CorpusError
        If a line of a page has no label, or an unknown one.
    """
    return [_read_page(row, f"{path}, row {number}") for number, row in enumerate(_rows(path), 1)]


def _rows(path: Path) -> list[dict[str, Any]]:
    arrow, parquet = load("pyarrow", "html"), load("pyarrow.parquet", "html")
    try:
        rows: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
    except (arrow.ArrowException, UnicodeDecodeError, OSError) as error:
        raise CorpusError(f"{path}: not a readable Parquet file: {error}") from error
    return rows


def _read_page(row: Mapping[str, Any], where: str) -> ReadPage:
    unknown = {line["label"] for line in row["lines"]} - set(_CODES)
    if unknown:
        raise CorpusError(f"{where}: unknown label {unknown.pop()!r}; use 'content' or 'boilerplate'")
    lines = list(_fit_lines(row, where))
    labels = [MASKED if line.get("doubt") else _CODES[line["label"]] for line in lines]
    return ReadPage(
        row["id"],
        row["site"],
        row["text"],
        np.array(labels, np.int8),
        tuple(line.get("kind") or "" for line in lines),
        tuple(line.get("role") or "" for line in lines),
        row.get("language"),
        row.get("title"),
        row.get("page_kind") or "article",
    )


def _fit_lines(row: Mapping[str, Any], where: str) -> Iterator[Mapping[str, Any]]:
    """Yield the labelled line of each line of the text; they may differ in breaks and in characters without width."""
    starts = np.array([line["start"] for line in row["lines"]])
    for start, end in split_lines(row["text"]):
        place = int(np.searchsorted(starts, start, side="right")) - 1
        if place < 0 or row["lines"][place]["end"] < end:
            raise CorpusError(f"{where}: no label for the line at {start} to {end}")
        yield row["lines"][place]


def carry_over(page: ReadPage, text: str) -> tuple[Labels, tuple[str, ...], tuple[str, ...]]:
    r"""Carry a page's labels over to another text of it.

    A line that is a labelled line, lies in one, or holds several of one label takes it; others are masked.

    Parameters
    ----------
    page : ReadPage
    text : str
        Of the same page, by any extractor.

    Returns
    -------
    labels : ndarray of int8, shape (n_lines,)
    kinds, roles : tuple of str, length n_lines

    Examples
    --------
    >>> read = ReadPage(
    ...     "a/1", "a", "Home\nThe mill shuts.\nIt was old.", np.array([0, 1, 1], np.int8), ("navigation", "", ""),
    ...     ("", "headline", ""),
    ... )
    >>> labels, kinds, roles = carry_over(read, "The mill shuts. It was old.\nHome\nHome The mill\nNew words")
    >>> labels.tolist(), kinds
    ([1, 0, -1, -1], ('', 'navigation', '', ''))
    """
    found = [text[start:end] for start, end in split_lines(text)]
    read = [page.text[start:end] for start, end in split_lines(page.text)]
    labels = np.full(len(found), MASKED, np.int8)
    kinds, roles = [""] * len(found), [""] * len(found)
    for line, sources in enumerate(source_lines(read, found)):
        counts = Counter(int(page.labels[source]) for source in sources if source >= 0)
        if not counts:
            continue
        (label, n_agreed), n_tokens = counts.most_common(1)[0], len(sources)
        if n_agreed < _AGREED * n_tokens or sum(counts.values()) - n_agreed > _DISPUTED * n_tokens:
            continue
        labels[line] = label
        main = Counter(source for source in sources if source >= 0).most_common(1)[0][0]
        kinds[line], roles[line] = page.kinds[main], page.roles[main]
    return labels, tuple(kinds), tuple(roles)


def source_lines(source: Sequence[str], target: Sequence[str]) -> list[list[int]]:
    """Align the tokens of two texts, and return for each token of the target its line in the source.

    Equal lines are aligned first, in order, and the tokens of the lines between them next; a line that stands
    elsewhere in the source than in the target is found if it is the same as a whole.

    Parameters
    ----------
    source, target : sequence of str
        Lines.

    Returns
    -------
    list of list of int, length n_lines
        -1 for a token without counterpart.

    Examples
    --------
    >>> source_lines(["One two", "three"], ["One two three", "four"])
    [[0, 0, 1], [-1]]
    """
    own, other = _token_lines(source), _token_lines(target)
    found = [[-1] * len(words) for words in other]
    for tag, i, i_end, j, j_end in SequenceMatcher(None, own, other, autojunk=False).get_opcodes():
        if tag == "equal":
            for offset in range(i_end - i):
                found[j + offset] = [i + offset] * len(other[j + offset])
        elif tag == "replace":
            _align_tokens(own, range(i, i_end), other, range(j, j_end), found)
    _find_moved(own, other, found)
    return found


def _token_lines(lines: Sequence[str]) -> list[tuple[str, ...]]:
    tokens = Tokens.of(lines)
    bounds = tokens.bounds().tolist()
    return [tuple(tokens.words[start:end]) for start, end in zip(bounds, bounds[1:], strict=False)]


def _align_tokens(
    own: Sequence[tuple[str, ...]],
    own_lines: range,
    other: Sequence[tuple[str, ...]],
    other_lines: range,
    found: list[list[int]],
) -> None:
    """Align the tokens of a stretch of lines of each text, and write them to `found`."""
    a = [(word, line) for line in own_lines for word in own[line]]
    b = [(word, line, place) for line in other_lines for place, word in enumerate(other[line])]
    if not 0 < len(a) * len(b) <= _MOST_CELLS:
        return
    matcher = SequenceMatcher(None, [word for word, _ in a], [word for word, _, _ in b], autojunk=False)
    for i, j, size in matcher.get_matching_blocks():
        for offset in range(size):
            _, line, place = b[j + offset]
            found[line][place] = a[i + offset][1]


def _find_moved(own: Sequence[tuple[str, ...]], other: Sequence[tuple[str, ...]], found: list[list[int]]) -> None:
    """Find lines without counterpart as whole lines elsewhere in the source."""
    places: dict[tuple[str, ...], list[int]] = {}
    for line, words in enumerate(own):
        places.setdefault(words, []).append(line)
    for line, words in enumerate(other):
        if words and set(found[line]) == {-1} and words in places:
            sources = places[words]
            found[line] = [sources[place * len(sources) // len(words)] for place in range(len(words))]
