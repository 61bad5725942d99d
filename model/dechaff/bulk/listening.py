"""Who hears how far a bulk run is."""

from typing import Protocol

from dechaff.bulk.summary import Tally


class Listener(Protocol):
    """Who is told how far a run is."""

    def begin(self, n_bytes: int) -> None:
        """Hear how many bytes there are to read."""

    def tell(self, message: str) -> None:
        """Hear what is worth knowing."""

    def reach(self, position: int, tally: Tally, n_bytes: int) -> None:
        """Hear how far the files have been read, and what has come of so many more bytes of records."""


class Silence:
    """A listener that hears nothing."""

    def begin(self, n_bytes: int) -> None:
        """Hear nothing."""

    def tell(self, message: str) -> None:
        """Hear nothing."""

    def reach(self, position: int, tally: Tally, n_bytes: int) -> None:
        """Hear nothing."""
