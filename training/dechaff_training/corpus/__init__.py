"""Labelled articles and pages: reading, checking, aligning with golds."""

from importlib import import_module
from typing import Final

#: Names of the module that `dechaff_training.corpus` was: importable from here for one more release.
_MOVED: Final = {
    "BOILERPLATE", "CONTENT", "KINDS", "MASKED", "Article", "Corpus", "Finding", "check_paths", "find_files",
    "format_labelled", "parse_labelled",
}  # fmt: skip


def __getattr__(name: str) -> object:
    if name not in _MOVED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from dechaff._moved import warn_moved

    warn_moved(f"{__name__}.{name}", f"{__name__}.corpus.{name}", stacklevel=2)
    globals()[name] = value = getattr(import_module(f"{__name__}.corpus"), name)
    return value
