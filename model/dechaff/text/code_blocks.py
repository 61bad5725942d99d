"""Code in plain text: at least three lines that follow each other, most of which look like code."""

import re
from typing import Final

import numpy as np

from dechaff._typing import Flags
from dechaff.text.reading import Rows

_FEWEST: Final = 3
# A line of code: a prompt, a statement with brackets, an assignment, a call, or the head of a block.
_CODE: Final = re.compile(
    r"(?:\$|>>>|\.\.\.) \S|#!|#(?:include|define|if|endif)\b|[\])}]+[;,)]*\s*\Z"
    r"|(?=.{0,200}[(){}=<>\[\]]).*[;{}]\s*\Z"
    r"|[\w.\[\]\"'$*>-]{1,60}(?: [\w*]{1,30})?\s*(?::=|[-+*/|&]?=)\s*(?!=)\S"
    r"|(?:await |return )?[\w.:]{1,60}\(.*\)[;:,]?\s*\Z"
    r"|(?:from [\w.]+ )?import [\w.*{ ]|(?:async )?(?:def|class|fn|func|function|struct|enum) [\w.]+\s*[\w<(:{]"
    r"|(?:if|for|while|with|elif|except)\b.*:\s*\Z|(?:else|try|finally):\s*\Z|return\b(?! to\b)"
    r"|@\w+(?:\.\w+)*(?:\(.*\))?\s*\Z"
)
# A line that code may have between others.
_COMMENT: Final = re.compile(r"#|//|/\*|\*|--\s|<!--|[^\w\s]+\s*\Z")


def find_code(rows: Rows) -> Flags:
    r"""Return which rows are code.

    Parameters
    ----------
    rows : Rows

    Examples
    --------
    >>> find_code(Rows.of("Run this:\n\n# Comments\nx = f(1)\nprint(x)\n\nIt prints 2.")).tolist()
    [False, True, True, True, False]
    """
    lines = [text.strip() for text in rows.texts]
    is_code = np.array([_CODE.match(line) is not None for line in lines], np.bool_)
    found = np.zeros(len(lines), np.bool_)
    if is_code.sum() * 2 < _FEWEST:
        return found
    may_be = is_code | np.array([_COMMENT.match(line) is not None for line in lines], np.bool_)
    edges = np.flatnonzero(np.diff(may_be, prepend=False, append=False))
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if last - first >= _FEWEST and is_code[first:last].sum() * 2 > last - first:
            found[first:last] = True
    return found
