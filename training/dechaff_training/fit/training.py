"""Training: from a corpus to a model with its provenance."""

import platform
import shutil
import subprocess
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

import dechaff
from dechaff.bulk.drift import KEY, make_profile
from dechaff.errors import CorpusError
from dechaff.linear.line_model import LineModel
from dechaff.text.lines import split_lines
from dechaff.wording import count
from dechaff_training.corpus.articles import CONTENT, Article
from dechaff_training.corpus.corpus import Corpus
from dechaff_training.corpus.label_correction import correct_unread
from dechaff_training.corpus.policy_labels import EXTRACTOR
from dechaff_training.corpus.text_matching import line_texts
from dechaff_training.fit.estimator import LineClassifier
from dechaff_training.fit.line_table import encode_labels
from dechaff_training.fit.variants import make_variant

# The weight of an article by source, chosen by cross-validation on recent pages of unseen sites; other sources
# have weight 1. Old pages help with words and shapes, recent ones with today's boilerplate. The project's own
# articles are few, but the only ones fully labelled by the policy, with headline, captions and standfirst.
SOURCE_WEIGHTS: Final = {
    "articles": 25.0,
    "trafilatura-eval": 0.7,
    "readability": 0.7,
    "postlight": 0.5,
    "dragnet": 0.3,
    "google-news": 0.3,
    "cleanportaleval": 0.3,
    "cleaneval": 0.1,
}
# Only labels by reading say which lines a reader would miss; golds disagree on captions, lists and headlines.
_READ_WEIGHT: Final = 3.0
# Nine of ten pages that were read are in these languages; those in others weigh more, so that their phrases count.
_COMMON_LANGUAGES: Final = frozenset({"en", "de"})
_OTHER_LANGUAGE_WEIGHT: Final = 2.0
# Which share of the articles that were not labelled line by line gets a variant, and how much a variant weighs.
_VARIANT_SHARE: Final = 0.3
_VARIANT_WEIGHT: Final = 0.5
# The content lines above the first paragraph of this length, at most so many, weigh more.
_HEAD_WEIGHT: Final = 4.0
_HEAD_LINES: Final = 3
_PARAGRAPH_BYTES: Final = 150
# Pages other than articles have typical boilerplate, but different content.
_OTHER_PAGE_WEIGHT: Final = 0.5
# Other texts of whole pages are much like Resiliparse's: they are learnt from only if a reader labelled the page.
_EXTRACTORS_OF_READ: Final = ("html_text", "inscriptis")
# The site of this page is also among the test pages of the same benchmark.
_LEAKED: Final = frozenset({"wcxb/4407"})
# The model that corrects labels is smaller, to save time: most of its evidence is markup.
_CORRECTION: Final = {"n_folds": 3, "max_lines": 200_000}
# Folds are grouped by site; with fewer sites, out-of-fold log-odds come from models fitted on too little.
_FEWEST_SITES: Final = 4
# The maximum number of articles for the drift profile.
_MAX_PROFILED: Final = 4000
_LIBRARIES = ("numpy", "scipy", "scikit-learn", "joblib")


def train_model(
    corpus: Corpus,
    classifier: LineClassifier,
    metrics: dict[str, Any] | None = None,
    progress: Callable[[str], None] | None = None,
) -> LineModel:
    """Fit a classifier to a corpus, and record the provenance of the model.

    Parameters
    ----------
    corpus : Corpus
    classifier : LineClassifier
        The classifier to fit, in place.
    metrics : dict, optional
        Figures to keep in the model's metadata.
    progress : callable, optional
        Called with the name of each step.

    Returns
    -------
    LineModel
        The model. The same corpus, parameters, libraries and commit give the same bytes: it contains no date.

    Raises
    ------
    CorpusError
        If the corpus is too small to fit the model on, or the labels of an article do not match its lines.
    """
    commit = git_commit()  # read first: fitting takes long, and HEAD may move meanwhile
    corpus = fitted_articles(corpus)
    n_sites, fewest = len(set(corpus.groups)), min(classifier.n_folds, _FEWEST_SITES)
    if n_sites < fewest:
        raise CorpusError(
            f"articles of {count(n_sites, 'site')}: at least {fewest} are needed, one for each fold; "
            "with fewer, fine-tune a model: dechaff train --start-from default"
        )
    try:
        n_variants = _fit(classifier, corpus, progress)
    except ValueError as error:
        raise CorpusError(f"cannot train on this corpus: {error}") from error
    model = classifier.model_
    model.metadata.update(describe_origin(corpus, classifier.random_state, commit, n_variants))
    model.metadata[KEY] = make_profile(model, _sample(corpus.texts))
    if metrics is not None:
        model.metadata["metrics"] = metrics
    return model


def correct_labels(corpus: Corpus, classifier: LineClassifier, progress: Callable[[str], None]) -> Corpus:
    """Correct the labels of pages that nobody has read by a smaller model, which sees their markup.

    The model is fitted to pages labelled by reading and to the project's own articles.

    Parameters
    ----------
    corpus : Corpus
        Read with `all_markup`.
    classifier : LineClassifier
        The classifier whose parameters the smaller one takes over; it is not fitted.
    progress : callable
        Called with the name of each step.

    Raises
    ------
    CorpusError
        If there are too few pages labelled by reading, or their markup is not known.
    """
    read = corpus.select(lambda article: article.roles is not None and article.extractor == EXTRACTOR)
    n_sites = len({article.site for article in read if article.markup is not None})
    if n_sites < _CORRECTION["n_folds"]:
        raise CorpusError(
            f"pages labelled by reading, with their HTML, from {count(n_sites, 'site')}: labels of other pages "
            f"can be corrected by those of at least {_CORRECTION['n_folds']} sites; omit --correct-labels"
        )
    small = clone(classifier).set_params(**_CORRECTION | {"n_trees": min(classifier.n_trees, 60)})
    own = corpus.select(lambda article: article.source == "articles")
    model = train_model(read + own, small, progress=lambda step: progress(f"correcting labels: {step}"))
    if model.markup is None:
        raise CorpusError("the pages labelled by reading have lines of one label only: omit --correct-labels")
    return Corpus(correct_unread(corpus.articles, model))


def _fit(classifier: LineClassifier, corpus: Corpus, progress: Callable[[str], None] | None) -> int:
    """Fit a classifier to the articles of a corpus and to variants of them; return the number of variants."""
    # Variants and the weights of heads rely on one label for each line.
    encode_labels(corpus.labels, np.array([len(split_lines(text)) for text in corpus.texts], np.int64))
    weights = [article_weight(article) for article in corpus]
    calibration = _calibration_weights(corpus, weights)
    variants = list(_variants(corpus, classifier.random_state))
    calibration += [0.0] * len(variants)
    weights += [weight for _, weight in variants]
    fitted = corpus + Corpus([variant for variant, _ in variants])
    heads = [head_weights(article) for article in fitted]
    headlines = [find_headline(article) for article in fitted]
    kinds = [article.kinds for article in fitted]
    texts = [article.marked_text for article in fitted]
    classifier.fit(texts, fitted.labels, fitted.groups, weights, calibration, progress, heads, headlines, kinds)
    return len(variants)


def _calibration_weights(corpus: Corpus, weights: Sequence[float]) -> list[float]:
    """Return the weight of each article in calibration.

    Lines on which extractors agree are easier than labelled lines: calibration on votes is overconfident. Golds
    disagree with the policy on captions, lists and headlines; they count only if nobody has labelled lines.
    """
    are_read = any(article.roles is not None for article in corpus)
    is_fit = [_is_labelled_by_line(article) if are_read else not article.is_vote for article in corpus]
    return [weight if known else 0.0 for weight, known in zip(weights, is_fit, strict=True)]


def _is_labelled_by_line(article: Article) -> bool:
    """Return whether somebody labelled the lines of an article, or of another text of its page."""
    return article.roles is not None or article.source == "articles"


def find_headline(article: Article) -> int | None:
    r"""Return the place of an article's headline among its lines, or None if no reader has marked it.

    Examples
    --------
    >>> labels = np.array([0, 1], np.int8)
    >>> find_headline(Article("Home\nThe mill shuts", labels, "bote", "bote/mill", "bote", roles=("", "headline")))
    1
    """
    return next((place for place, role in enumerate(article.roles or ()) if role == "headline"), None)


def _variants(corpus: Corpus, seed: int) -> Iterator[tuple[Article, float]]:
    """Yield variants, with their weights, of the articles labelled line by line and of a share of the others."""
    for article in corpus:
        name = f"{article.id} {article.extractor}".encode("utf-8", "surrogatepass")
        rng = np.random.default_rng((seed, zlib.crc32(name)))
        if not article.is_vote and (_is_labelled_by_line(article) or rng.random() < _VARIANT_SHARE):
            variant = make_variant(article, rng)
            if variant is not None:
                yield variant, _VARIANT_WEIGHT * article_weight(article)


def _sample(texts: Sequence[str]) -> Sequence[str]:
    """Return evenly spaced texts, at most `_MAX_PROFILED`."""
    return texts[:: -(-len(texts) // _MAX_PROFILED)]


def fitted_articles(corpus: Corpus) -> Corpus:
    """Return the articles of a corpus that a model is fitted to: those with a weight above 0."""
    return corpus.select(lambda article: article_weight(article) > 0)


def article_weight(article: Article) -> float:
    """Return the weight of an article in training; 0 leaves it out."""
    unread = article.roles is None and article.extractor in _EXTRACTORS_OF_READ
    # Votes of main-content extractors say little about the lines that these extractors themselves output.
    if article.id in _LEAKED or unread or (article.is_vote and article.extractor != EXTRACTOR):
        return 0.0
    weight = SOURCE_WEIGHTS.get(article.source, 1.0) if article.roles is None else _READ_WEIGHT
    if article.roles is not None and article.language not in {None, *_COMMON_LANGUAGES}:
        weight *= _OTHER_LANGUAGE_WEIGHT
    return weight * (_OTHER_PAGE_WEIGHT if article.page_type not in ("article", "other") else 1.0)


def head_weights(article: Article) -> NDArray[np.float64]:
    r"""Return a factor for the weight of each line: above 1 for headline and standfirst.

    They are few, and a reader misses them most. These are the content lines before the first long paragraph, at
    most three.

    Parameters
    ----------
    article : Article

    Examples
    --------
    >>> text = "Home\nThe mill shuts\n" + "The mill at the weir will close in March, its owner said. " * 3
    >>> article = Article(text, np.array([0, 1, 1], np.int8), "bote", "bote/mill", "articles")
    >>> head_weights(article).tolist()
    [1.0, 4.0, 1.0]
    """
    factors = np.ones(len(article.labels))
    content = np.flatnonzero(article.labels == CONTENT).tolist()
    lines = line_texts(article.text)
    for line in content[:_HEAD_LINES]:
        if len(lines[line].encode("utf-8", "surrogatepass")) >= _PARAGRAPH_BYTES:
            break
        factors[line] = _HEAD_WEIGHT
    return factors


def describe_origin(corpus: Corpus, seed: int, commit: str | None, n_variants: int = 0) -> dict[str, Any]:
    """Return the provenance of a model: data, seed, versions and commit.

    Parameters
    ----------
    corpus : Corpus
    seed : int
    commit : str or None
        The result of `git_commit`.
    n_variants : int
        The number of variants of articles that the model was fitted to besides; other counts leave them out.
    """
    return {
        "seed": seed,
        "data": {
            "digest": corpus.digest,
            "n_articles": len(corpus),
            "n_lines": corpus.n_lines,
            "n_sites": len(set(corpus.groups)),
            "articles_by_source": _counts(article.source for article in corpus),
            "articles_by_extractor": _counts(article.extractor for article in corpus),
            "articles_by_language": _counts(article.language or "unknown" for article in corpus),
            "n_silver_articles": sum(article.silver for article in corpus),
            "n_corrected_articles": sum(article.corrected for article in corpus),
            "n_read_articles": sum(article.roles is not None for article in corpus),
            "n_variants": n_variants,
            "site_digests": sorted(set(corpus.site_digests)),
        },
        "versions": {
            "dechaff": dechaff.__version__,
            "python": platform.python_version(),
            **{library: version(library) for library in _LIBRARIES},
        },
        "git_commit": commit,
    }


def git_commit() -> str | None:
    """Return the commit of this code, with the suffix `-dirty` if files changed; None outside the repository."""
    folder = Path(dechaff.__file__).parent
    # An installed copy may be inside another repository.
    if _git(folder, "ls-files", "--error-unmatch", "__init__.py") is None:
        return None
    return _git(folder, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")


def _git(folder: Path, *arguments: str) -> str | None:
    git = shutil.which("git")
    if git is None:
        return None
    done = subprocess.run([git, "-C", str(folder), *arguments], capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip() if done.returncode == 0 else None


def _counts(names: Any) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))
