"""Texts with a mark for each line, as the label app shows them."""

import hashlib
import re
from dataclasses import dataclass, replace
from typing import Self

from dechaff.errors import InputError
from dechaff.explain.kinds import KINDS
from dechaff_training.corpus import format_labelled, parse_labelled
from dechaff_training.corpus.articles import LABELS, MARKS

_ONLY_MARKS = re.compile(r"[+?-]*")


@dataclass(frozen=True)
class Document:
    """A text and a mark for each line that is not blank.

    Attributes
    ----------
    text : str
    marks : str
        One character per line: `+` for content, `-` for boilerplate, `?` for masked.
    kinds : tuple of str
        The kind of each line in the labelled file; "" for lines without a kind.
    origin : str
        The origin of the marks: "model", "labelled", "saved" or "draft".
    digest : str, optional
        The digest of the file that saving will replace, taken when the file was read; None if there was no file.
    title : str, optional
        The title of the page, which helps the model to propose the headline.
    """

    text: str
    marks: str
    kinds: tuple[str, ...]
    origin: str
    digest: str | None = None
    title: str | None = None

    @property
    def key(self) -> str:
        """A key that distinguishes different texts of the same article."""
        return digest_of(self.text.encode())[:16]

    def marked(self, marks: object, kinds: object) -> Self:
        r"""Return the text with other marks and kinds, after checking that they fit the lines.

        Raises
        ------
        InputError
            If marks or kinds do not fit the lines.

        Examples
        --------
        >>> Document("The weir\nTweet", "++", ("", ""), "model").marked("+-", ["", "share"]).labelled()
        '+ The weir\n-share Tweet\n'
        """
        n_lines = len(self.kinds)
        if not isinstance(marks, str) or not _ONLY_MARKS.fullmatch(marks) or len(marks) != n_lines:
            raise InputError(f"expected {n_lines} marks of +, - and ?, one for each line")
        if not isinstance(kinds, list) or len(kinds) != n_lines or any(kind not in ("", *KINDS) for kind in kinds):
            raise InputError(f"expected {n_lines} kinds, one for each line, empty or of {', '.join(KINDS)}")
        return replace(self, marks=marks, kinds=tuple(kinds))

    def labelled(self) -> str:
        """Return the text with its marks, in the format of labelled files."""
        return format_labelled(self.text, [LABELS[mark] for mark in self.marks], self.kinds)


def read_document(labelled: str, where: str, origin: str, digest: str | None = None) -> Document:
    """Parse the text of a labelled file.

    Raises
    ------
    CorpusError
        If the text is malformed.
    """
    text, labels, kinds = parse_labelled(labelled, where)
    return Document(text, "".join(MARKS[label] for label in labels.tolist()), kinds, origin, digest)


def digest_of(data: bytes) -> str:
    """Return the SHA-256 of bytes in hexadecimal."""
    return hashlib.sha256(data).hexdigest()
