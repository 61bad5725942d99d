"""What the notebooks read: each line's label, probability and length, without a word of its text."""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dechaff.files import written_whole


@dataclass(frozen=True)
class LineRecords:
    """The labelled lines of some articles, without a word of their text: what the notebooks read.

    Attributes
    ----------
    label : ndarray of int8, shape (n_lines,)
        1 for content, 0 for boilerplate; lines without a label are not recorded.
    probability : ndarray of float32, shape (n_lines,)
        Of content, to three digits.
    n_chars : ndarray of int32, shape (n_lines,)
    n_lines : ndarray of int32, shape (n_articles,)
        How many records each article has.
    page, site : ndarray of int32, shape (n_articles,)
        Numbers: the texts that several extractors made of one page have the same.
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
        """Give the article of each line: ``records.extractor[records.article]``."""
        return np.repeat(np.arange(len(self.n_lines)), self.n_lines)

    def write(self, path: Path) -> None:
        """Write the records as a compressed .npz file; the same records give the same bytes."""
        arrays = {field.name: getattr(self, field.name) for field in fields(self)}
        # Whole thousandths compress to half of what floats do.
        arrays["probability"] = np.rint(self.probability * 1000).astype(np.uint16)
        with written_whole(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, **arrays)

    @classmethod
    def read(cls, path: Path) -> "LineRecords":
        """Read what `write` wrote; the file executes nothing."""
        with np.load(path, allow_pickle=False) as file:
            arrays = {field.name: file[field.name] for field in fields(cls)}
        arrays["probability"] = (arrays["probability"] / 1000).astype(np.float32)
        return cls(**arrays)
