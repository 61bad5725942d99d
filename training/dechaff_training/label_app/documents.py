"""A text with a mark for each of its lines, as the page shows it."""

import hashlib
import re
from dataclasses import dataclass

from dechaff.errors import InputError
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
        A character a line: `+` content, `-` boilerplate, `?` masked.
    kinds : tuple of str
        The kinds that people gave the lines; "" for none.
    origin : str
        Where the marks come from: "model", "labelled", "saved" or "draft".
    digest : str, optional
        Of the file that a save replaces, when the document was read; None where there was none.
    """

    text: str
    marks: str
    kinds: tuple[str, ...]
    origin: str
    digest: str | None = None

    @property
    def key(self) -> str:
        """Tell this text from another one of the same article."""
        return digest_of(self.text.encode())[:16]

    def check(self, marks: object) -> str:
        """Give marks back if they are some for these lines.

        Raises
        ------
        InputError
            If they are not.
        """
        if not isinstance(marks, str) or not _ONLY_MARKS.fullmatch(marks) or len(marks) != len(self.marks):
            raise InputError(f"marks are {len(self.marks)} characters of +, - and ?, one for each line")
        return marks

    def labelled(self, marks: str) -> str:
        r"""Write the text with other marks as a labelled text file.

        Examples
        --------
        >>> Document("The weir\nTweet", "++", ("", "share"), "model").labelled("+-")
        '+ The weir\n-share Tweet\n'
        """
        return format_labelled(self.text, [LABELS[mark] for mark in marks], self.kinds)


def read_document(labelled: str, where: str, origin: str, digest: str | None = None) -> Document:
    """Read a labelled text file.

    Raises
    ------
    CorpusError
        If it is malformed.
    """
    text, labels, kinds = parse_labelled(labelled, where)
    return Document(text, "".join(MARKS[label] for label in labels.tolist()), kinds, origin, digest)


def digest_of(data: bytes) -> str:
    """Give the SHA-256 of bytes in hexadecimal."""
    return hashlib.sha256(data).hexdigest()
