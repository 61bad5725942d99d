"""The standard streams, where the shell has closed some: `dechaff show a.txt >&-`."""

import os
import sys
from typing import Final

# None of them can be used: what would be read or written fails, as it should.
_UNUSABLE: Final = (os.O_WRONLY, os.O_RDONLY, os.O_RDONLY)


def replace_closed() -> None:
    """Put something in the place of closed streams: else the next file that is opened takes their number.

    Python has None for them, and `print` then takes standard output for standard error. To write to standard output
    is an error then, and messages go nowhere.
    """
    for number, flags in enumerate(_UNUSABLE):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, flags)  # takes the lowest number that is free: this one
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
