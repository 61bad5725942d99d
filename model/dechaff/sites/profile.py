"""Site profiles: which lines stand on several documents of a site, and on how many of all sites.

A profile is two sketches, whose sizes do not depend on the number of documents: a table of the lines of each site,
from which lines of few documents are dropped when it is full, and a count-min sketch over all sites. Their cells
are bitmaps of distinct documents (`dechaff.sites.distinct`), which are merged by a bitwise or. So profiles can be
merged in any order, and a document that was read twice counts once.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import Final, NamedTuple, Self

import numpy as np

from dechaff._typing import Hashes, Indices
from dechaff.errors import InputError
from dechaff.files import written_whole
from dechaff.sites.counting import LineCounts, batch_keys, count_lines, join_bits
from dechaff.sites.distinct import estimate_documents, n_bits
from dechaff.sites.files import ProfileArrays, read_arrays, write_arrays
from dechaff.text.batching import batches
from dechaff.text.lines import LineBatch
from dechaff.text.tokens import Words

#: The most lines of sites that a profile holds, 16 bytes each.
MOST_LINES: Final = 1 << 22
# Lines that wait to be sorted into the table, which takes time in proportion to the table.
_MOST_WAITING: Final = 1 << 20
# A full table is cut to this share, so that it is not cut again soon.
_CUT_TO: Final = 0.75
#: Cells of each row of the sketch over all sites.
N_CELLS: Final = 1 << 19
_CELL_SHIFT: Final = np.uint64(64 - 19)
_ROW_FACTORS: Final = np.array([1, 0xBF58476D1CE4E5B9], np.uint64)
_SITE_OF_KEY: Final = np.uint64(0xFFFFFFFF00000000)
_TEXTS_AT_ONCE: Final = 1000
_NOISE_QUANTILE: Final = 0.99


class SiteCounts(NamedTuple):
    """Bitmaps of the documents of each line of a batch, its own document included; 0 without a site or words.

    Attributes
    ----------
    on_site : ndarray of uint64, shape (n_lines,)
        The documents of the line's site that have the line.
    of_site : ndarray of uint64, shape (n_lines,)
        The documents of the line's site.
    anywhere : ndarray of uint64, shape (n_lines,)
        The documents of all sites that have the line, as far as they stand out from chance in the sketch; may hold
        bits too many. Otherwise those of `on_site`.
    """

    on_site: Hashes
    of_site: Hashes
    anywhere: Hashes


class SiteProfile:
    r"""The lines that stand on several documents of their sites.

    Lines count as equal if their words are equal, as for `groups=`; documents count as equal if their lines do.

    *Errors.* A line of a site is never found on more documents than there are, except by chance: two lines of a
    site have the same key with a probability of 1 in 4 billion, and so have two sites. Numbers of documents have
    the errors of `dechaff.sites.distinct`. Only if more than `MOST_LINES` lines were counted, lines on at most
    `n_lost` documents may be missing, and others may be found on up to `n_lost` documents too few. The number over
    all sites is never too small; it is too large by more than e · N / `N_CELLS` for less than 14 % of the lines, N
    being the number of distinct pairs of a line and a document.

    Attributes
    ----------
    n_lost : int
        The most documents that a line had when it was dropped, over all times that the table was full; 0 if never.

    Examples
    --------
    >>> profile = SiteProfile()
    >>> texts = ["Share\nThe mill shuts", "Share\nRain", "Share\nThe mill shuts!"]
    >>> profile.count(texts, ["post.example"] * 3)
    >>> profile.n_documents("Share", "post.example"), profile.n_documents("The mill shuts", "post.example")
    (2, 1)
    """

    def __init__(self) -> None:
        self._keys, self._documents = np.zeros(0, np.uint64), np.zeros(0, np.uint64)
        self._cells = np.zeros((len(_ROW_FACTORS), N_CELLS), np.uint64)
        self._waiting: list[tuple[Hashes, Hashes]] = []
        self._n_waiting = 0
        self._noise: int | None = None
        self.n_lost = 0

    @property
    def n_lines(self) -> int:
        """Return the number of lines of sites in the table, with one for each site."""
        self._sort_in()
        return len(self._keys)

    def count(self, texts: Iterable[str], sites: Iterable[str | None]) -> None:
        """Count the lines of documents.

        Parameters
        ----------
        texts : iterable of str
        sites : iterable of str or None, of the same length
            The site of each document, such as `dechaff.sites.site_of(url)`; None if it has none.

        Raises
        ------
        InputError
            If the numbers of texts and sites differ, or a text is not a string.
        """
        texts, sites = iter(texts), iter(sites)
        while some := list(islice(texts, _TEXTS_AT_ONCE)):
            names = list(islice(sites, len(some)))
            if len(names) < len(some):
                raise InputError("more texts than sites: give each text its site, or None")
            place = 0
            for batch in batches(some):
                own = names[place : place + batch.n_articles]
                place += batch.n_articles
                self.add(count_lines(batch, own))
        if next(sites, sites) is not sites:
            raise InputError("more sites than texts: give each text its site, or None")

    def add(self, counts: LineCounts) -> None:
        """Add what `count_lines` has counted, in this process or another one.

        Parameters
        ----------
        counts : LineCounts
        """
        self._noise = None
        for row, factor in zip(self._cells, _ROW_FACTORS, strict=True):
            np.bitwise_or.at(row, _cells_of(counts.lines, factor), counts.documents)
        self._waiting.append((counts.on_sites, counts.site_documents))
        self._n_waiting += len(counts.on_sites)
        if self._n_waiting > _MOST_WAITING:
            self._sort_in()

    def _sort_in(self) -> None:
        """Sort the waiting lines into the table, and cut it if it is full."""
        if not self._waiting:
            return
        keys, bits = join_bits(*(np.concatenate(parts) for parts in zip(*self._waiting, strict=True)))
        self._waiting, self._n_waiting = [], 0
        places = np.searchsorted(self._keys, keys)
        is_known = np.zeros(len(keys), np.bool_)
        inside = places < len(self._keys)
        is_known[inside] = self._keys[places[inside]] == keys[inside]
        self._documents[places[is_known]] |= bits[is_known]
        is_new = ~is_known
        self._documents = np.insert(self._documents, places[is_new], bits[is_new])
        self._keys = np.insert(self._keys, places[is_new], keys[is_new])
        self._cut()

    def _cut(self) -> None:
        """Drop lines of few documents from a table that is full, first those of sites with many documents.

        A line of one document on a site of which sixty have been read is hardly one that each page repeats.
        """
        if len(self._keys) <= MOST_LINES:
            return
        n_documents, of_site = n_bits(self._documents), self._documents_of_sites()
        for most in range(1, 65):
            for least in (32, 16, 8, 4, 2, 1):
                is_kept = (n_documents > most) | (of_site < least)
                if is_kept.sum() <= _CUT_TO * MOST_LINES:
                    # The documents that the dropped lines had are lost each time.
                    self.n_lost += most
                    self._keys, self._documents = self._keys[is_kept], self._documents[is_kept]
                    return

    def _documents_of_sites(self) -> Indices:
        """Return for each line of the table the number of bits of its site."""
        return n_bits(self._find(self._keys & _SITE_OF_KEY))

    def _find(self, keys: Hashes) -> Hashes:
        """Return the bitmaps of keys, 0 for those that are not in the table."""
        if not len(self._keys):
            return np.zeros(len(keys), np.uint64)
        places = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return np.where(self._keys[places] == keys, self._documents[places], np.uint64(0))

    def _find_anywhere(self, lines: Hashes) -> Hashes:
        """Return the bits that the cells of a line have in common."""
        pairs = zip(self._cells, _ROW_FACTORS, strict=True)
        found: Hashes = np.bitwise_and.reduce([row[_cells_of(lines, factor)] for row, factor in pairs])
        return found

    def _noise_bits(self) -> int:
        """Return the number of bits that hardly any two cells share by chance: fewer say nothing about a line."""
        if self._noise is None:
            shared = self._cells[0] & np.roll(self._cells[1], 1)
            self._noise = int(np.quantile(n_bits(shared), _NOISE_QUANTILE, method="higher"))
        return self._noise

    def look_up(self, batch: LineBatch, sites: Sequence[str | None], words: Words | None = None) -> SiteCounts:
        """Return the documents that have each line of a batch; its own document always counts.

        Parameters
        ----------
        batch : LineBatch
        sites : sequence of str or None, length n_articles
        words : Words, optional
            The words of the batch.
        """
        self._sort_in()
        keys = batch_keys(batch, sites, words)
        own, none = keys.documents[keys.articles], np.uint64(0)
        on_site = np.where(keys.on_site == 0, none, self._find(keys.on_site) | own)
        of_site = np.where(keys.on_site == 0, none, self._find(keys.sites)[keys.articles] | own)
        anywhere = np.where(keys.lines == 0, none, self._find_anywhere(keys.lines) | own)
        return SiteCounts(on_site, of_site, np.where(n_bits(anywhere) > self._noise_bits(), anywhere, on_site))

    def n_documents(self, line: str, site: str | None = None) -> int:
        """Return on about how many documents a line stands, of one site or of all; 0 if on none.

        Parameters
        ----------
        line : str
        site : str, optional
            The name of the site; by default all sites.
        """
        self._sort_in()
        keys = batch_keys(LineBatch.from_texts([line]), [site])
        found = self._find_anywhere(keys.lines) if site is None else self._find(keys.on_site)
        return round(float(estimate_documents(found[:1] * (keys.lines[:1] != 0)).sum()))

    @classmethod
    def merge(cls, profiles: Iterable[Self]) -> Self:
        """Return the profile of all documents of some profiles, which are equal in whichever order they are given.

        Parameters
        ----------
        profiles : iterable of SiteProfile
        """
        merged = cls()
        parts = []
        for profile in profiles:
            profile._sort_in()
            parts.append((profile._keys, profile._documents))
            merged._cells |= profile._cells
            merged.n_lost += profile.n_lost
        if parts:
            keys, bits = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
            merged._keys, merged._documents = join_bits(keys, bits)
            merged._cut()
        return merged

    def save(self, path: str | PathLike[str], progress: str = "") -> None:
        """Write the profile to a file of plain arrays, by convention with the suffix `.dechaff`.

        Parameters
        ----------
        path : path-like
        progress : str
            How far the documents have been counted, if more are to follow.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        self._sort_in()
        arrays = ProfileArrays(self._keys, self._documents, self._cells, self.n_lost, progress)
        with written_whole(Path(path)) as temporary:
            write_arrays(temporary, arrays)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """Read a profile written by `save`, without executing anything in the file.

        Parameters
        ----------
        path : path-like

        Raises
        ------
        ArtifactError
            If the file is missing, not a profile, damaged, or of another version.
        """
        return cls.load_unfinished(path)[0]

    @classmethod
    def load_unfinished(cls, path: str | PathLike[str]) -> tuple[Self, str]:
        """Read a profile, and how far the documents have been counted; see `load` and `save`."""
        profile = cls()
        found = read_arrays(path, MOST_LINES, profile._cells.shape)
        profile._keys, profile._documents, profile._cells, profile.n_lost, progress = found
        return profile, progress


def _cells_of(lines: Hashes, factor: np.uint64) -> Indices:
    """Return the cell of each line in a row of the sketch, by the top bits of a product."""
    return (lines * factor >> _CELL_SHIFT).view(np.int64)
