"""Records of evaluated lines for the notebooks: label, probability and length, without text."""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dechaff.files import written_whole


@dataclass(frozen=True)
class LineRecords:
    """Records of the labelled lines of some articles.

    Attributes
    ----------
    label : ndarray of int8, shape (n_lines,)
        1 for content, 0 for boilerplate; lines without a label have no record.
    probability : ndarray of float32, shape (n_lines,)
        The probability of content, to three decimals.
    n_chars : ndarray of int32, shape (n_lines,)
    n_lines : ndarray of int32, shape (n_articles,)
        The number of records of each article.
    page, site : ndarray of int32, shape (n_articles,)
        Identifying numbers, equal for all texts of one page or of one site; a page has one text per extractor.
    extractor, source, page_type : ndarray of str, shape (n_articles,)
    """

    label: NDArray[np.int8]
    probability: NDArray[np.float32]
    n_chars: NDArray[np.int32]
    n_lines: NDArray[np.int32]
    page: NDArray[np.int32]
    site: NDArray[np.int32]
    extractor: NDArray[np.str_]
    source: NDArray[np.str_]
    page_type: NDArray[np.str_]

    @property
    def article(self) -> NDArray[np.int64]:
        """Return the index of each line's article, such as in ``records.extractor[records.article]``."""
        return np.repeat(np.arange(len(self.n_lines)), self.n_lines)

    def write(self, path: Path) -> None:
        """Write the records to a compressed .npz file; equal records give identical bytes."""
        arrays = {field.name: getattr(self, field.name) for field in fields(self)}
        # Integer thousandths compress to half the size of floats.
        arrays["probability"] = np.rint(self.probability * 1000).astype(np.uint16)
        with written_whole(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, **arrays)

    @classmethod
    def read(cls, path: Path) -> "LineRecords":
        """Read a file written by `write`, without executing anything in the file."""
        with np.load(path, allow_pickle=False) as file:
            arrays = {field.name: file[field.name] for field in fields(cls)}
        arrays["probability"] = (arrays["probability"] / 1000).astype(np.float32)
        return cls(**arrays)
