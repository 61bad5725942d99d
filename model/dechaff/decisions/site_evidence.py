"""Evidence from a site profile: lines that stand on several documents of their site are less likely content.

Only such lines change, and only downwards: a line that stands on a single document keeps its log-odds.
"""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np

from dechaff._typing import Flags, Values
from dechaff.decisions.site_lines import is_copy
from dechaff.sites import SiteProfile
from dechaff.sites.distinct import estimate_documents, is_several
from dechaff.sites.profile import SiteCounts
from dechaff.text.lines import LineBatch
from dechaff.text.tokens import Words

#: The name of the evidence in `LabelledLine.reasons`.
REASON: Final = "stands on several pages of its site"
#: What the evidence is a weighted sum of, for lines on several documents of their site.
FEATURES: Final = ("constant", "log_odds", "log_documents", "log_share", "log_elsewhere")
_TABLE: Final = "site_evidence.tsv"
# The smallest share that the weights were fitted to; on large sites a line on many pages can have a smaller one.
_LEAST_SHARE: Final = 0.1


@cache
def site_weights() -> Values:
    """Return the weights of `FEATURES`, which ``python -m dechaff_training.fit.site_evidence`` fits."""
    rows = files("dechaff.decisions").joinpath(_TABLE).read_text(encoding="utf-8").splitlines()[1:]
    weights = dict(row.split("\t") for row in rows)
    return np.array([float(weights[name]) for name in FEATURES])


def site_features(counts: SiteCounts, log_odds: Values) -> Values:
    """Compute the features of lines on several documents of their site, shape (n_lines, n_features).

    Parameters
    ----------
    counts : SiteCounts
        The counts of these lines.
    log_odds : ndarray of float64, shape (n_lines,)
        The log-odds of content that the model gives.
    """
    on_site, of_site, anywhere = map(estimate_documents, counts)
    columns = (
        np.ones(len(log_odds)),
        log_odds,
        np.log2(on_site),
        np.log2(np.clip(on_site / of_site, _LEAST_SHARE, 1)),
        np.log2(np.maximum(anywhere / on_site, 1)),
    )
    return np.column_stack(columns)


def site_log_odds(
    batch: LineBatch,
    log_odds: Values,
    profile: SiteProfile,
    sites: Sequence[str | None],
    words: Words | None = None,
) -> Values:
    """Compute how much a site profile lowers each line's log-odds; 0 for lines on a single document of their site.

    Pages whose probable content also stands elsewhere are copies of other pages, and do not change.

    Parameters
    ----------
    batch : LineBatch
    log_odds : ndarray of float64, shape (n_lines,)
    profile : SiteProfile
    sites : sequence of str or None, length n_articles
    words : Words, optional
        The words of the batch.
    """
    several, features = evident_lines(batch, log_odds, profile, sites, words)
    shift = np.zeros(batch.n_lines)
    shift[several] = np.minimum(features @ site_weights(), 0)
    return shift


def evident_lines(
    batch: LineBatch,
    log_odds: Values,
    profile: SiteProfile,
    sites: Sequence[str | None],
    words: Words | None = None,
) -> tuple[Flags, Values]:
    """Return the lines on several documents of their site that are no copies, and their features.

    Parameters
    ----------
    batch : LineBatch
    log_odds : ndarray of float64, shape (n_lines,)
    profile : SiteProfile
    sites : sequence of str or None, length n_articles
    words : Words, optional
        The words of the batch.

    Returns
    -------
    several : ndarray of bool, shape (n_lines,)
    features : ndarray of float64, shape (n_several, n_features)
    """
    counts = profile.look_up(batch, sites, words)
    several = is_several(counts.on_site)
    several &= ~is_copy(batch, log_odds, several)
    own = SiteCounts(*(bitmaps[several] for bitmaps in counts))
    return several, site_features(own, log_odds[several])
