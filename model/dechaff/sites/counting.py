"""The lines, documents and sites of a batch as keys of 64 bits, and the bitmaps of their documents."""

import hashlib
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from dechaff._typing import Hashes, Indices
from dechaff.features.words import line_hashes
from dechaff.sites.distinct import document_bits
from dechaff.text.lines import LineBatch
from dechaff.text.ragged import sum_rows
from dechaff.text.tokens import Words, find_words, mix

_HALF: Final = np.uint64(32)
# Distinct lines of a document that are counted; of longer documents the same ones on every page, by their hashes.
_MOST_LINES: Final = 4096


class BatchKeys(NamedTuple):
    """The keys of a batch's lines, and the bits of its documents.

    Attributes
    ----------
    lines : ndarray of uint64, shape (n_lines,)
        The hash of each line's words; 0 for a line without words, which is not counted.
    on_site : ndarray of uint64, shape (n_lines,)
        The key of each line on its site: the site's hash in the upper half, the line's hash in the lower half; 0
        for lines without words or of documents without a site.
    sites : ndarray of uint64, shape (n_articles,)
        The key of each document's site, which is not that of any line; 0 without a site.
    documents : ndarray of uint64, shape (n_articles,)
        The bit of each document; 0 for documents without words.
    articles : ndarray of int64, shape (n_lines,)
        The document of each line.
    """

    lines: Hashes
    on_site: Hashes
    sites: Hashes
    documents: Hashes
    articles: Indices


def batch_keys(batch: LineBatch, sites: Sequence[str | None], words: Words | None = None) -> BatchKeys:
    """Compute the keys of a batch.

    Documents count as equal if their lines have the same words, in whichever order; case, punctuation and the
    values of digits are ignored. A page that was crawled twice and shows another time is the same document.

    Parameters
    ----------
    batch : LineBatch
    sites : sequence of str or None, length n_articles
    words : Words, optional
        The words of the batch.
    """
    hashes = line_hashes(find_words(batch) if words is None else words)
    lines = np.where(hashes == 0, hashes, np.maximum(mix(hashes), np.uint64(1)))
    digests = sum_rows(mix(lines), batch.articles)
    documents = np.where(sum_rows((lines != 0) * 1, batch.articles) > 0, document_bits(mix(digests)), 0)
    site_keys = np.array([site_key(site) for site in sites], np.uint64)
    own_site = site_keys[batch.line_articles]
    low = np.maximum(lines >> _HALF, np.uint64(1))
    on_site = np.where((lines == 0) | (own_site == 0), np.uint64(0), own_site | low)
    return BatchKeys(lines, on_site, site_keys, documents.astype(np.uint64), batch.line_articles)


class LineCounts(NamedTuple):
    """The distinct lines of some documents in ascending order, each with the bits of its documents.

    Attributes
    ----------
    lines, documents : ndarray of uint64, shape (n_lines,)
        Over all sites.
    on_sites, site_documents : ndarray of uint64, shape (n_keys,)
        By site, with an entry for each site as such.
    """

    lines: Hashes
    documents: Hashes
    on_sites: Hashes
    site_documents: Hashes


def count_lines(batch: LineBatch, sites: Sequence[str | None]) -> LineCounts:
    """Count the lines of a batch, of very long documents only some.

    Parameters
    ----------
    batch : LineBatch
    sites : sequence of str or None, length n_articles
    """
    keys = _bound_lines(batch_keys(batch, sites))
    own = keys.documents[keys.articles]
    site_keys = np.where(keys.documents == 0, np.uint64(0), keys.sites)
    by_site = join_bits(np.concatenate((keys.on_site, site_keys)), np.concatenate((own, keys.documents)))
    return LineCounts(*join_bits(keys.lines, own), *by_site)


def site_key(site: str | None) -> np.uint64:
    """Return the key of a site, 0 for None or an empty name."""
    if not site:
        return np.uint64(0)
    digest = hashlib.blake2b(site.encode("utf-8", "surrogatepass"), digest_size=4).digest()
    return np.uint64(max(int.from_bytes(digest, "little"), 1) << int(_HALF))


def _bound_lines(keys: BatchKeys) -> BatchKeys:
    """Leave out most lines of documents with very many, so that no document fills a profile."""
    n_lines = np.bincount(keys.articles[keys.lines != 0], minlength=len(keys.sites))
    lines = keys.lines.copy()
    for article in np.flatnonzero(n_lines > _MOST_LINES).tolist():
        own = keys.articles == article
        distinct = np.unique(lines[own & (lines != 0)])
        if len(distinct) > _MOST_LINES:
            lines[own & (lines > distinct[_MOST_LINES - 1])] = 0
    return keys._replace(lines=lines, on_site=np.where(lines == 0, np.uint64(0), keys.on_site))


def join_bits(keys: Hashes, bitmaps: Hashes) -> tuple[Hashes, Hashes]:
    """Return the distinct keys in ascending order, without 0, each with all its bits.

    Examples
    --------
    >>> [part.tolist() for part in join_bits(np.array([7, 0, 7], np.uint64), np.array([1, 1, 4], np.uint64))]
    [[7], [5]]
    """
    order = np.argsort(keys, kind="stable")
    keys, bitmaps = keys[order], bitmaps[order]
    starts = np.flatnonzero(np.diff(keys, prepend=np.uint64(0)))  # skips zeros, which come first
    return keys[starts], np.bitwise_or.reduceat(bitmaps, starts) if len(starts) else bitmaps[:0]
