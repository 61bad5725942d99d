"""Checkpoints within a file: what of its output is safe, so that an interrupted run goes on from there."""

import json
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from dechaff.bulk.inputs import Input
from dechaff.bulk.summary import Counts
from dechaff.files import written_whole

#: The folder of unfinished files. Programs that read a folder of documents skip names with a leading underscore.
UNFINISHED: Final = "_unfinished"
#: The file of the checkpoint in that folder.
CHECKPOINT: Final = "checkpoint.json"


@dataclass(frozen=True)
class Checkpoint:
    """How far an input has been cleaned.

    Attributes
    ----------
    name, location : str
        The name of the input's output, and the input's location.
    size, mtime_ns : int
        The input's size and the time of its last change.
    n_parts : int
        The number of chunks and bad records at the start of the file whose results are safe.
    lengths : dict of str to int
        The bytes that are safe of each unfinished file, by the file's name.
    counts : Counts
        The counts over what is safe.
    """

    name: str
    location: str
    size: int
    mtime_ns: int
    n_parts: int = 0
    lengths: dict[str, int] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)

    @classmethod
    def of(cls, source: Input, n_parts: int, lengths: dict[str, int], counts: Counts) -> "Checkpoint":
        """Create a checkpoint of an input."""
        return cls(source.name, source.location, source.size, source.mtime_ns, n_parts, lengths, counts)

    def matches(self, source: Input) -> bool:
        """Return whether the checkpoint is of this input, unchanged since then."""
        own = (self.name, self.location, self.size, self.mtime_ns)
        return own == (source.name, source.location, source.size, source.mtime_ns)

    def write(self, folder: Path) -> None:
        """Write the checkpoint beside the unfinished files, which must be on disk already."""
        values = {**vars(self), "counts": self.counts.to_dict(whole=True)}
        with written_whole(folder / UNFINISHED / CHECKPOINT) as temporary:
            temporary.write_text(json.dumps(values), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "Checkpoint | None":
        """Read the checkpoint of an output folder; None if there is none, or unfinished files are too short."""
        unfinished = folder / UNFINISHED
        with suppress(OSError, ValueError, TypeError, LookupError):
            values = json.loads((unfinished / CHECKPOINT).read_bytes())
            checkpoint = cls(**{**values, "counts": Counts.from_dict(values["counts"])})
            if all((unfinished / name).stat().st_size >= n for name, n in checkpoint.lengths.items()):
                return checkpoint
        return None
