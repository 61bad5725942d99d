"""What a bulk run has done, in numbers; memory is bounded whatever was seen."""

from collections import Counter
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dechaff.bulk.drift import Counts, add_counts
from dechaff.text.lines import LineBatch

# Of the dropped lines so many are counted at once; beyond, the rarer ones are forgotten.
_COUNTED: Final = 50_000
COUNTED_OF_A_CHUNK: Final = 1000
# Frequent lines are short: of a longer one the beginning says which.
_SHOWN_CHARS: Final = 80
#: So many of the most frequent dropped lines are kept of each file, and shown.
FREQUENT: Final = 20


@dataclass
class Tally:
    """Sums over documents; two tallies can be added.

    Attributes
    ----------
    n_documents, n_lines, n_dropped_lines, n_chars, n_kept_chars : int
        Of the documents that were cleaned; line breaks are not counted.
    n_bad : int
        Records in quarantine.
    flags : Counter
        How many documents have each flag of `dechaff.clean_article`.
    n_flagged : int
        How many documents have any.
    frequent : Counter
        The beginnings of dropped lines, and how often they were dropped, at least.
    features : ndarray of int64, shape (n_features, n_deciles), or None
        Lines of a sample by the deciles of the model's profile; not kept in the manifest.
    """

    n_documents: int = 0
    n_lines: int = 0
    n_dropped_lines: int = 0
    n_chars: int = 0
    n_kept_chars: int = 0
    n_bad: int = 0
    n_flagged: int = 0
    flags: Counter[str] = field(default_factory=Counter)
    frequent: Counter[str] = field(default_factory=Counter)
    features: Counts | None = None

    def count(self, batch: LineBatch, kept: NDArray[np.bool_], flags: list[tuple[str, ...]]) -> None:
        """Count a block of articles as `decide_lines` gives it."""
        widths = batch.ends - batch.starts
        self.n_documents += batch.n_articles
        self.n_lines += batch.n_lines
        self.n_dropped_lines += int((~kept).sum())
        self.n_chars += int(widths.sum())
        self.n_kept_chars += int(widths[kept].sum())
        self.n_flagged += sum(map(bool, flags))
        self.flags.update(flag for each in flags for flag in each)
        self.frequent.update(_beginnings(batch, ~kept))

    def add(self, other: "Tally") -> None:
        """Add another tally to this one."""
        for name in _NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.flags.update(other.flags)
        self.frequent.update(other.frequent)
        self.features = add_counts(self.features, other.features)
        if len(self.frequent) > 2 * _COUNTED:
            self.forget(_COUNTED)

    def forget(self, n: int = COUNTED_OF_A_CHUNK) -> None:
        """Forget all dropped lines but the most frequent ones: of a chunk a few are enough to find those of all.

        Parameters
        ----------
        n : int
            So many are kept; `Counter.most_common` takes several times as long to find many.

        Examples
        --------
        >>> tally = Tally(frequent=Counter({"Log in": 1, "Share": 2}))
        >>> tally.forget(1)
        >>> tally.frequent
        Counter({'Share': 2})
        """
        ordered = sorted(self.frequent.items(), key=itemgetter(1), reverse=True)
        self.frequent = Counter(dict(ordered[:n]))

    def to_dict(self) -> dict[str, Any]:
        """Give plain values, the most frequent lines first.

        Examples
        --------
        >>> Tally(n_documents=2, frequent=Counter({"Share": 2})).to_dict()["frequent"]
        {'Share': 2}
        """
        numbers = {name: getattr(self, name) for name in _NUMBERS}
        frequent = dict(self.frequent.most_common(FREQUENT))
        return {**numbers, "flags": dict(sorted(self.flags.items())), "frequent": frequent}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Tally":
        """Read what `to_dict` gave."""
        numbers = {name: values[name] for name in _NUMBERS}
        return cls(**numbers, flags=Counter(values["flags"]), frequent=Counter(values["frequent"]))


_NUMBERS: Final = (
    "n_documents", "n_lines", "n_dropped_lines", "n_chars", "n_kept_chars", "n_bad", "n_flagged",
)  # fmt: skip


def _beginnings(batch: LineBatch, dropped: NDArray[np.bool_]) -> list[str]:
    """Give the beginning of every dropped line."""
    lines = np.flatnonzero(dropped)
    articles = batch.line_articles[lines]
    shift = batch.article_codes[articles]
    starts = batch.starts[lines] - shift
    ends = np.minimum(batch.ends[lines] - shift, starts + _SHOWN_CHARS)
    spans = zip(articles.tolist(), starts.tolist(), ends.tolist(), strict=True)
    return [batch.texts[article][start:end] for article, start, end in spans]


@dataclass
class Summary:
    """What a bulk run has done.

    Attributes
    ----------
    tally : Tally
        Of all inputs, those that an earlier run had finished among them.
    n_inputs : int
        Files that were asked for.
    n_skipped : int
        Files that an earlier run had finished.
    n_redone : int
        Files that had been finished, but have changed since.
    seconds : float
        How long this run took.
    notes : list of str
        What else there is to say, of drift for example.
    """

    tally: Tally = field(default_factory=Tally)
    n_inputs: int = 0
    n_skipped: int = 0
    n_redone: int = 0
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Give plain values for JSON."""
        tally = self.tally
        return {
            "n_inputs": self.n_inputs,
            "n_skipped": self.n_skipped,
            "n_redone": self.n_redone,
            "seconds": round(self.seconds, 3),
            **tally.to_dict(),
            "share_dropped_lines": round(tally.n_dropped_lines / max(tally.n_lines, 1), 4),
            "share_dropped_chars": round((tally.n_chars - tally.n_kept_chars) / max(tally.n_chars, 1), 4),
            "notes": self.notes,
        }
