"""Find wrong labels by models that have not seen them: confident learning (Northcutt, Jiang and Chuang, 2021).

Each site is scored by a small model, stage 1 alone, that was fitted to the other sites. A label is doubtful if the
model is at least as sure of the opposite as it is on average of lines that have the opposite label.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from sklearn.model_selection import GroupKFold

from dechaff._typing import Values
from dechaff.errors import CorpusError
from dechaff.linear.stage import sigmoid
from dechaff_training.corpus.articles import BOILERPLATE, CONTENT, MASKED
from dechaff_training.corpus.checks import Finding, line_places
from dechaff_training.corpus.corpus import Corpus
from dechaff_training.files.paths import find_files
from dechaff_training.fit.estimator import LineClassifier
from dechaff_training.fit.held_out import held_out_log_odds
from dechaff_training.fit.line_table import Rows

#: The severity of the findings.
DOUBTFUL: Final = "doubtful label"
_N_FOLDS: Final = 5
_N_BITS: Final = 16
_SHOWN: Final = 50
_NAMES: Final = {CONTENT: "content", BOILERPLATE: "boilerplate"}


@dataclass(frozen=True, eq=False)
class LabelErrors:
    """Lines by how probably their labels are wrong.

    Attributes
    ----------
    order : ndarray of int64, shape (n_known,)
        All lines with a label, the most surely wrong first.
    doubtful : ndarray of int64, shape (n_doubtful,)
        Those that confident learning takes for wrong, in the same order.
    wrong : ndarray of float64, shape (n_lines,)
        The probability that a line's label is wrong, by a model that has not seen its site; NaN without a label.
    """

    order: Rows
    doubtful: Rows
    wrong: Values


def find_label_errors(corpus: Corpus, seed: int = 0) -> LabelErrors:
    r"""Order the lines of a corpus by how surely their labels are wrong.

    Parameters
    ----------
    corpus : Corpus
        Articles of several sites; those of a single site are held out by article.
    seed : int
        The seed of the folds.

    Returns
    -------
    LabelErrors

    Raises
    ------
    CorpusError
        If there are fewer than two articles, or a label is missing in the rest of the corpus.

    Examples
    --------
    >>> from dechaff_training.corpus import Article, parse_labelled
    >>> text = "+ The mill at the weir will close in March, its owner said.\n- Share\n- Log in"
    >>> wrong = text.replace("- Share", "+ Share")
    >>> parsed = [parse_labelled(each) for each in [*[text] * 5, wrong]]
    >>> articles = [Article(t, labels, f"site{n}", "", "") for n, (t, labels, _) in enumerate(parsed)]
    >>> int(find_label_errors(Corpus(articles)).order[0])
    16
    """
    labels = np.concatenate([np.zeros(0, np.int8), *corpus.labels])
    known = labels != MASKED
    content = _held_out(corpus, seed)
    wrong = np.where(known, np.where(labels == CONTENT, 1 - content, content), np.nan)
    # By how sure a model is on average of a label where it is given, a label is claimed elsewhere.
    sure = {label: float(np.mean(1 - wrong[labels == label])) for label in (CONTENT, BOILERPLATE)}
    needed = np.where(labels == CONTENT, sure[BOILERPLATE], sure[CONTENT])
    order = np.argsort(-wrong, kind="stable")[: int(known.sum())]
    return LabelErrors(order, order[(wrong >= np.maximum(needed, 0.5))[order]], wrong)


def _held_out(corpus: Corpus, seed: int) -> Values:
    """Return each line's probability of content by a model that was fitted to other sites."""
    sites = corpus.groups if len(set(corpus.groups)) > 1 else [str(place) for place in range(len(corpus))]
    n_sites = len(set(sites))
    if n_sites < 2:
        raise CorpusError("fewer than two articles: a model of other articles finds doubtful labels, so give more")
    folds = GroupKFold(min(_N_FOLDS, n_sites), shuffle=True, random_state=seed).split(sites, groups=sites)
    classifier = LineClassifier(stages=1, n_trees=0, n_bits=_N_BITS, random_state=seed)
    try:
        log_odds = held_out_log_odds(classifier, corpus.articles, folds)
    except ValueError as error:
        raise CorpusError(f"cannot look for doubtful labels: {error}") from error
    return sigmoid(np.concatenate(log_odds))


def doubtful_labels(paths: Sequence[str | Path], seed: int = 0) -> list[Finding]:
    """Find doubtful labels in labelled text files and JSON Lines, the most surely wrong first.

    Parameters
    ----------
    paths : sequence of str or Path
        Files and folders without malformed files, as `check_paths` finds them; Parquet files are left out.
    seed : int

    Returns
    -------
    list of Finding

    Raises
    ------
    CorpusError
        In the same cases as `find_label_errors`.
    """
    files = [file for path in paths for file in find_files(Path(path)) if file.suffix != ".parquet"]
    articles = [(file, article) for file in files for article in Corpus.read(file)]
    if not articles:
        return []
    errors = find_label_errors(Corpus([article for _, article in articles]), seed)
    lines = [line for file, article in articles for line in line_places(file, article)]
    return [
        Finding(place.path, place.line, _describe(text, place.label, errors.wrong[row]), DOUBTFUL)
        for row in errors.doubtful.tolist()
        for text, place in [lines[row]]
    ]


def _describe(text: str, label: int, wrong: float) -> str:
    opposite = _NAMES[BOILERPLATE if label == CONTENT else CONTENT]
    return f"{text[:_SHOWN]!r} is labelled {_NAMES[label]}, probably {opposite} ({wrong:.2f})"
