"""Whether a model has learnt from the articles that it is evaluated on, by what its file records."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from dechaff.linear.line_model import LineModel
from dechaff_training.corpus import Corpus

#: The metadata key of the list of a model's fine-tunings, each with the origin of its labels.
FINE_TUNINGS: Final = "taught"
_N_SHOWN: Final = 3


def overlap_warning(model: LineModel, corpus: Corpus) -> str:
    r"""Return a warning if a model has learnt from a corpus, or may have; "" if it has not.

    Compared are the digest of the corpus, then its sites if the model's file lists the sites that it learnt from;
    otherwise only the numbers of articles by source.

    Parameters
    ----------
    model : LineModel
    corpus : Corpus
        The labelled articles; silver labels are left out, as in the evaluation.

    Examples
    --------
    >>> import numpy as np
    >>> from dechaff import default_model
    >>> from dechaff_training.corpus import Article
    >>> article = Article("The weir\nTweet", np.array([1, 0], np.int8), "bote", "bote/weir", "articles")
    >>> overlap_warning(default_model(), Corpus([article]))
    ''
    """
    gold = corpus.select(lambda article: not article.silver)
    origins = list(_origins(model))
    if {corpus.digest, gold.digest} & {origin.get("digest") for origin in origins}:
        return "Warning: the model has learnt from exactly these articles: evaluate on articles of other sites"
    known = {digest for origin in origins for digest in _list_of(origin, "site_digests")}
    sites = {site for site, digest in zip(gold.groups, gold.site_digests, strict=True) if digest in known}
    if sites:
        shown = ", ".join(islice(sorted(sites), _N_SHOWN)) + ", …" * (len(sites) > _N_SHOWN)
        n_sites = len(set(gold.groups))
        which, these = (f"{len(sites)} of these {n_sites} sites", "these") if n_sites > 1 else ("this site", "it")
        return f"Warning: the model has learnt from {which} ({shown}): the figures for {these} are too high"
    if origins and all(isinstance(origin.get("site_digests"), list) for origin in origins):
        return ""
    return _describe_unlisted(origins, gold)


def _describe_unlisted(origins: list[dict[str, Any]], gold: Corpus) -> str:
    """Return the warning for a model whose file does not list its sites."""
    counts = Counter(article.source for article in gold)
    for origin in origins:
        before = origin.get("articles_by_source")
        if isinstance(before, dict) and counts and all(before.get(source) == n for source, n in counts.items()):
            shown = ", ".join(f"{n} of {source!r}" for source, n in islice(counts.items(), _N_SHOWN))
            return (
                f"Warning: the model has learnt from as many articles of the same sources ({shown}), so probably "
                "from these: evaluate on articles of other sites"
            )
    return "Note: the model's file does not list its sites: if these are among them, the figures are too high"


def _origins(model: LineModel) -> Iterator[dict[str, Any]]:
    """Yield the origin of the articles of training and of each fine-tuning; malformed metadata are skipped."""
    fine_tunings = model.metadata.get(FINE_TUNINGS)
    for entry in (model.metadata, *(fine_tunings if isinstance(fine_tunings, list) else [])):
        if isinstance(entry, dict) and isinstance(entry.get("data"), dict):
            yield entry["data"]


def _list_of(origin: dict[str, Any], name: str) -> list[Any]:
    found = origin.get(name)
    return found if isinstance(found, list) else []
