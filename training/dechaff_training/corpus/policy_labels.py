"""Labels by reading: pages whose lines a reader labelled, carried over to the texts of other extractors."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np

from dechaff.errors import CorpusError
from dechaff.text.lines import split_lines
from dechaff_training.corpus.articles import BOILERPLATE, CONTENT, MASKED, Article
from dechaff_training.corpus.text_matching import Tokens, line_texts
from dechaff_training.files.parquet import read_column_names, read_table

#: The extractor whose text was read.
EXTRACTOR: Final = "resiliparse_all"
#: A Parquet file with these columns, but without `html`, holds labels by reading.
COLUMNS: Final = ("id", "site", "lines")
_CODES: Final = {"content": CONTENT, "boilerplate": BOILERPLATE}
# The kind of a boilerplate line by its kind in the label policy, which makes finer distinctions.
_KINDS: Final = {
    "offer": "offer",
    "share": "share",
    "related": "related",
    "navigation": "related",
    "caption": "credit",
    "byline": "date",
    "legal": "legal",
    "comment": "comment",
    "bio": "other",
    "other": "other",
}
# A line takes a label that at least the first share of its tokens has, if at most the second has other labels.
_AGREED: Final = 0.8
_DISPUTED: Final = 0.1
# A stretch in which the texts differ is aligned token by token up to this product of their lengths.
_MOST_CELLS: Final = 25_000_000
# A line is identified by so many hexadecimal digits of its SHA-256.
_DIGEST: Final = 12


def has_read_labels(path: Path) -> bool:
    """Return whether a file holds labels by reading; a file that cannot be read does not."""
    if path.suffix != ".parquet":
        return False
    try:
        names = read_column_names(path)
    except CorpusError:
        return False
    return set(COLUMNS) <= set(names) and "html" not in names


def read_ids(path: Path) -> set[str]:
    """Return the ids of the pages in a file of labels by reading."""
    return {each for each in read_table(path)["id"].to_pylist() if isinstance(each, str)}


def read_labels(path: Path, texts: Mapping[str, str] | None = None) -> list[Article]:
    """Read pages whose lines a reader labelled, with the text that was read.

    Parameters
    ----------
    path : Path
        A Parquet file with the columns `id`, `site`, `lines` and, unless `texts` has it, `text`. `lines` is a list
        of structs with `start` and `end`, or `digest` (`digest_line`) without a text, `label`, and optionally
        `kind`, `role` and `doubt`; `language`, `title` and `page_kind` are read if present.
    texts : mapping of str to str, optional
        The text of `EXTRACTOR` of each page by id, for files without texts.

    Returns
    -------
    list of Article
        The pages, with `kinds`, `roles` and `policy_kinds`. Lines with a `doubt` (careful readers could differ)
        are masked, and so are lines that were not read. Pages without a text are left out.

    Raises
    ------
    CorpusError
        If the file cannot be read, or a line of a page has no label, or an unknown one.
    """
    known = texts or {}
    rows = enumerate(read_table(path).to_pylist(), 1)
    return [
        _read_page(row, known.get(row.get("id")), f"{path}, row {number}")
        for number, row in rows
        if "text" in row or row.get("id") in known
    ]


def digest_line(line: str) -> str:
    """Return the first 12 hexadecimal digits of a line's SHA-256, by which labels without text name it.

    Examples
    --------
    >>> digest_line("The mill shuts")
    '280df3c3ac3c'
    """
    return hashlib.sha256(line.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]


def _read_page(row: Mapping[str, Any], text: str | None, where: str) -> Article:
    try:
        return _to_article(row if "text" in row else _find_lines(row, text or ""), where)
    except (KeyError, TypeError, AttributeError) as error:
        raise CorpusError(f"{where}: not a page with labelled lines: {error!r}") from error


def _to_article(row: Mapping[str, Any], where: str) -> Article:
    if not all(isinstance(row[name], str) for name in ("id", "site", "text")):
        raise CorpusError(f"{where}: id, site and text must be strings")
    unknown = {line["label"] for line in row["lines"]} - set(_CODES)
    if unknown:
        raise CorpusError(f"{where}: unknown label {unknown.pop()!r}; use 'content' or 'boilerplate'")
    lines = list(_fit_lines(row, where))
    labels = [MASKED if line.get("doubt") else _CODES[line["label"]] for line in lines]
    page_kind = row.get("page_kind") or "article"
    return Article(
        row["text"],
        np.array(labels, np.int8),
        row["site"],
        row["id"],
        row["id"].partition("/")[0],
        row.get("language"),
        "article" if page_kind == "liveblog" else page_kind,
        EXTRACTOR,
        title=row.get("title"),
        kinds=_map_kinds([line.get("kind") or "" for line in lines], labels),
        roles=tuple(line.get("role") or "" for line in lines),
        policy_kinds=tuple(line.get("kind") or "" for line in lines),
    )


def _map_kinds(policy_kinds: Sequence[str], labels: Sequence[int]) -> tuple[str, ...]:
    """Return the kind of each boilerplate line, "" for other lines."""
    pairs = zip(policy_kinds, labels, strict=True)
    return tuple(_KINDS.get(kind, "") if label == BOILERPLATE else "" for kind, label in pairs)


def _find_lines(row: Mapping[str, Any], text: str) -> dict[str, Any]:
    """Return a row of labels by digest with a text and its lines; lines that were not read are in doubt."""
    spans = split_lines(text)
    found = [digest_line(text[start:end]) for start, end in spans]
    unread = {"label": "boilerplate", "doubt": True}
    lines = [{"start": start, "end": end, **unread} for start, end in spans]
    matcher = SequenceMatcher(None, [line["digest"] for line in row["lines"]], found, autojunk=False)
    for i, j, size in matcher.get_matching_blocks():
        for offset in range(size):
            lines[j + offset] |= {"doubt": False} | row["lines"][i + offset]
    return {**row, "text": text, "lines": lines}


def _fit_lines(row: Mapping[str, Any], where: str) -> Iterator[Mapping[str, Any]]:
    """Yield the labelled line of each line of the text; breaks and zero-width characters may differ."""
    starts = np.array([line["start"] for line in row["lines"]])
    for start, end in split_lines(row["text"]):
        place = int(np.searchsorted(starts, start, side="right")) - 1
        if place < 0 or row["lines"][place]["end"] < end:
            raise CorpusError(f"{where}: no label for the line at {start} to {end}")
        yield row["lines"][place]


def relabel(articles: Sequence[Article], read: Sequence[Article], *, add_missing: bool = True) -> list[Article]:
    """Replace the labels of articles whose page has other labels, whichever the extractor.

    Parameters
    ----------
    articles : sequence of Article
    read : sequence of Article
        Pages with labels, such as the result of `read_labels`.
    add_missing : bool
        Whether to add pages without an article.
    """
    pages = {page.id: page for page in read}
    found = [carry_over(pages[each.id], each) if each.id in pages else each for each in articles]
    known = {article.id for article in articles}
    return found + [page for page in read if add_missing and page.id not in known]


def carry_over(page: Article, article: Article) -> Article:
    r"""Return another text of a page with its labels carried over to it.

    A line takes a label if nearly all of its tokens are from lines with this label; other lines are masked.

    Parameters
    ----------
    page : Article
        A page with labels; kinds and roles are carried over if it has them.
    article : Article
        The same page by any extractor; its labels do not matter.

    Examples
    --------
    >>> labels = np.array([0, 1, 1], np.int8)
    >>> page = Article(
    ...     "Home\nThe mill shuts.\nIt was old.", labels, "bote", "bote/mill", "bote",
    ...     roles=("", "headline", "lead"), policy_kinds=("navigation", "", ""),
    ... )
    >>> other = "Home\nThe mill shuts. It was old.\nHome The mill\nNew words"
    >>> article = Article(other, np.zeros(4, np.int8), "bote", "bote/mill", "bote")
    >>> carried = carry_over(page, article)
    >>> carried.labels.tolist(), carried.policy_kinds
    ([0, 1, -1, -1], ('navigation', '', '', ''))
    """
    read, found = line_texts(page.text), line_texts(article.text)
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
        kinds[line] = page.policy_kinds[main] if page.policy_kinds else ""
        roles[line] = page.roles[main] if page.roles else ""
    carried = replace(article, labels=labels, silver=False)
    if page.roles is None:
        return carried
    known = _map_kinds(kinds, labels.tolist())
    return replace(carried, kinds=known, roles=tuple(roles), policy_kinds=tuple(kinds))


def source_lines(source: Sequence[str], target: Sequence[str], *, in_order: bool = False) -> list[list[int]]:
    """Align the tokens of two texts, and return for each token of the target its line in the source.

    Equal lines are aligned first, in order, and the tokens of the lines between them next. A line that has moved is
    found if the whole line is the same in both texts.

    Parameters
    ----------
    source, target : sequence of str
        Lines.
    in_order : bool
        Whether to leave moved lines unmatched (-1).

    Returns
    -------
    list of list of int, length n_lines
        The source line of each token, by line of the target; -1 for a token without counterpart.

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
    if not in_order:
        _find_moved(own, other, found)
    return found


def _token_lines(lines: Sequence[str]) -> list[tuple[str, ...]]:
    tokens = Tokens.of(lines)
    bounds = tokens.bounds().tolist()
    return [tuple(tokens.words[start:end]) for start, end in pairwise(bounds)]


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
    """For each line without a counterpart, look for the same whole line elsewhere in the source."""
    places: dict[tuple[str, ...], list[int]] = {}
    for line, words in enumerate(own):
        places.setdefault(words, []).append(line)
    for line, words in enumerate(other):
        if words and set(found[line]) == {-1} and words in places:
            sources = places[words]
            found[line] = [sources[place * len(sources) // len(words)] for place in range(len(words))]
