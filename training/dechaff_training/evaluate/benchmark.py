"""Compare dechaff with other systems on the same texts and the same resamples of the sites.

A system receives the text of an extractor and drops lines. An HTML extractor such as trafilatura is the system
`keep_all` applied to its own output.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np

from dechaff._typing import Values
from dechaff.arrays import clean_array
from dechaff.decisions.decide import kept_texts
from dechaff.linear.line_model import LineModel, Threshold
from dechaff.text.lines import LineBatch
from dechaff_training.corpus import CONTENT, MASKED, Article, Corpus
from dechaff_training.corpus.tokens import Shingles, shingles, tokenize
from dechaff_training.evaluate.metrics import (
    N_RESAMPLES,
    Estimate,
    Resamples,
    drop_headline,
    f1_of_means,
    mean_precision,
    mean_recall,
    page_columns,
    shingle_counts,
)

System = Callable[[Sequence[Article]], list[str]]

_END_PUNCTUATION: Final = (".", "?", "!", '"', "'")
_POLICY: Final = (
    "terms of use",
    "privacy policy",
    "cookie policy",
    "uses cookies",
    "use of cookies",
    "use cookies",
)
_MIN_WORDS: Final = 3
_MAX_WORD_LENGTH: Final = 1000


@dataclass(frozen=True)
class TextGroup:
    """Pages that are scored together: those of one source, page type and extractor.

    Attributes
    ----------
    source : str
        The collection that the pages come from.
    pages : str
        "articles" or "other pages".
    extractor : str
        The extractor of the texts.
    """

    source: str
    pages: str
    extractor: str

    @classmethod
    def of(cls, article: Article) -> "TextGroup":
        """Return the group of an article."""
        pages = "articles" if article.page_type == "article" else "other pages"
        return cls(article.source, pages, article.extractor)


@dataclass(frozen=True)
class TextRow:
    """The text figures of one system on one group of pages.

    Attributes
    ----------
    group : TextGroup
    system : str
    n_pages, n_sites : int
    precision, recall, f1 : Estimate
        Precision and recall of four-token shingles, as means over pages, and F1 of the two means; headlines are
        removed from both the text and the gold.
    difference : Estimate
        F1 of the system minus F1 of the reference, on the same resamples.
    """

    group: TextGroup
    system: str
    n_pages: int
    n_sites: int
    precision: Estimate
    recall: Estimate
    f1: Estimate
    difference: Estimate

    def to_dict(self) -> dict[str, Any]:
        """Return the row as JSON-ready values."""
        scores = {name: getattr(self, name).to_dict() for name in ("precision", "recall", "f1", "difference")}
        counts = {"n_pages": self.n_pages, "n_sites": self.n_sites}
        return {**vars(self.group), "system": self.system, **counts, **scores}


def compare(
    corpus: Corpus, systems: Mapping[str, System], n_resamples: int = N_RESAMPLES, seed: int = 0
) -> list[TextRow]:
    """Compare systems with the gold texts of a corpus.

    Parameters
    ----------
    corpus : Corpus
        Articles without a gold text (`gold_text`) are ignored.
    systems : mapping of str to callable
        The systems by name; each returns a text for each article. The first is the reference for differences.
    n_resamples, seed : int
        The number of resamples of the sites behind each interval, and their random seed.

    Returns
    -------
    list of TextRow
        The rows, grouped by source, page type (articles or other pages) and extractor; within a group in the order
        of `systems`.
    """
    articles = with_gold(corpus)
    outputs = {name: system(articles) for name, system in systems.items()}
    return compare_texts(articles, outputs, n_resamples, seed)


def compare_texts(
    articles: Sequence[Article],
    outputs: Mapping[str, Sequence[str]],
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
    reference: str | None = None,
) -> list[TextRow]:
    """Compare the texts of systems with the gold texts of articles.

    Parameters
    ----------
    articles : sequence of Article
        The articles, all with a gold text.
    outputs : mapping of str to sequence of str
        A text for each article, by system.
    n_resamples : int
    seed : int
    reference : str, optional
        The system that is subtracted in differences; by default the first one.

    Returns
    -------
    list of TextRow
        The rows in the order of `compare`.
    """
    columns = text_columns(articles, outputs)
    reference = next(iter(outputs)) if reference is None else reference
    members: dict[TextGroup, list[int]] = {}
    for place, article in enumerate(articles):
        members.setdefault(TextGroup.of(article), []).append(place)
    rows = []
    for group in sorted(members, key=lambda g: (g.source, g.pages, g.extractor)):
        places = members[group]
        resamples = Resamples([articles[place].site for place in places], n_resamples, seed)
        sums = {name: resamples.sums(values[places]) for name, values in columns.items()}
        rows += _group_rows(group, len(places), resamples, sums, f1_of_means(sums[reference]))
    return rows


def _group_rows(
    group: TextGroup, n_pages: int, resamples: Resamples, sums: Mapping[str, Values], base: Values
) -> list[TextRow]:
    rows = []
    for name, values in sums.items():
        f1 = f1_of_means(values)
        figures = (mean_precision(values), mean_recall(values), f1, f1 - base)
        rows.append(TextRow(group, name, n_pages, resamples.n_sites, *map(resamples.estimate, figures)))
    return rows


def text_columns(articles: Sequence[Article], outputs: Mapping[str, Sequence[str]]) -> dict[str, Values]:
    """Compute the `page_columns` of each system's texts against the gold, after removing headlines."""
    counts = [
        shingle_counts(
            shingles(tokenize(drop_headline(text, article.title))),
            _gold_shingles(gold_text(article), article.title),
        )
        for article, *texts in zip(articles, *outputs.values(), strict=True)
        for text in texts
    ]
    columns = page_columns(np.array(counts))
    return {name: columns[place :: len(outputs)] for place, name in enumerate(outputs)}


# The texts of one page by all systems and extractors are consecutive and have the same gold.
@lru_cache(maxsize=64)
def _gold_shingles(gold: str | None, title: str | None) -> Shingles:
    return shingles(tokenize(drop_headline(gold or "", title)))


def gold_text(article: Article) -> str | None:
    r"""Return the gold text of an article.

    Returns
    -------
    str or None
        The gold paragraphs; without them, the content lines if a person labelled every line; else None.

    Examples
    --------
    >>> gold_text(Article("One.\nShare", np.array([1, 0], np.int8), "site", "site/1", "articles"))
    'One.\n'
    """
    if article.silver:
        return None
    if article.body is not None:
        return "\n".join(article.body)
    return oracle([article])[0] if MASKED not in article.labels else None


def with_gold(corpus: Corpus) -> list[Article]:
    """Return the articles that have a gold text."""
    return [a for a in corpus if not a.silver and (a.body is not None or MASKED not in a.labels)]


def keep_all(articles: Sequence[Article]) -> list[str]:
    """Return the texts unchanged (the system "keep all")."""
    return [article.text for article in articles]


def oracle(articles: Sequence[Article]) -> list[str]:
    """Return the lines that are labelled content: approximately the upper bound for systems that drop lines."""
    return [
        next(kept_texts(LineBatch.from_texts([article.text]), article.labels == CONTENT)) for article in articles
    ]


def cleaned_by(model: LineModel, threshold: Threshold = None, *, by_site: bool = False) -> System:
    """Return a system that cleans articles with a model.

    Parameters
    ----------
    model : LineModel
    threshold : float or str, optional
        The threshold or preset; by default the model's own threshold.
    by_site : bool
        Whether to pass the site and extractor of each article as its group.
    """

    def clean(articles: Sequence[Article]) -> list[str]:
        """Clean the articles as one batch."""
        groups = [(article.site, article.extractor) for article in articles] if by_site else None
        texts = [article.text for article in articles]
        return clean_array(texts, model, threshold, groups)

    return clean


def c4_rules(*, end_punctuation: bool) -> System:
    r"""Return a system with the line rules of C4 (Raffel et al. 2020), as datatrove applies them.

    A line is kept if it ends in `.`, `?`, `!` or a straight quotation mark but not in an ellipsis, has at least
    three words, none longer than 1,000 characters, and contains neither "javascript" nor a phrase of cookie
    policies and terms of use. Rules that drop whole documents are left out, because every page counts here.

    Parameters
    ----------
    end_punctuation : bool
        Whether to require the end punctuation; TxT360 dropped this rule.

    Examples
    --------
    >>> text = "Home\nThe mill shuts.\nMore on the mill"
    >>> article = Article(text, np.zeros(3, np.int8), "site", "site/1", "articles")
    >>> c4_rules(end_punctuation=True)([article]), c4_rules(end_punctuation=False)([article])
    (['The mill shuts.'], ['The mill shuts.\nMore on the mill'])
    """
    return lambda articles: [_c4_text(article.text, end_punctuation) for article in articles]


def _c4_text(text: str, end_punctuation: bool) -> str:
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if _passes_c4(line, end_punctuation))


def _passes_c4(line: str, end_punctuation: bool) -> bool:
    if end_punctuation and (not line.endswith(_END_PUNCTUATION) or line.endswith("...")):
        return False
    words = line.split()
    if len(words) < _MIN_WORDS or max(map(len, words)) > _MAX_WORD_LENGTH:
        return False
    lower = line.lower()
    return "javascript" not in lower and not any(phrase in lower for phrase in _POLICY)


def peers(models: Mapping[str, LineModel]) -> dict[str, System]:
    """Return the systems of the comparison: unchanged texts, rules, models, and the labels themselves.

    Parameters
    ----------
    models : mapping of str to LineModel
        The models by their names in the table.
    """
    return {
        "keep all": keep_all,
        "C4 line rules": c4_rules(end_punctuation=True),
        "C4 without end punctuation": c4_rules(end_punctuation=False),
        **{name: cleaned_by(model) for name, model in models.items()},
        "oracle labels": oracle,
    }
