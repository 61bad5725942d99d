"""Old names of modules, which can be imported for one more release, with a warning that shows the new name."""

import sys
import warnings
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Final

MOVED: Final = {
    "dechaff.artifact": "dechaff.linear.artifact",
    "dechaff.bulk.columns": "dechaff.bulk.formats.columns",
    "dechaff.bulk.compression": "dechaff.bulk.formats.compression",
    "dechaff.bulk.datatrove": "dechaff.integrations.datatrove",
    "dechaff.bulk.jsonl": "dechaff.bulk.formats.jsonl",
    "dechaff.bulk.parquet": "dechaff.bulk.formats.parquet",
    "dechaff.bulk.warc": "dechaff.bulk.formats.warc",
    "dechaff.characters": "dechaff.text.characters",
    "dechaff.cleaning": "dechaff.api",
    "dechaff.counts": "dechaff.text.character_counts",
    "dechaff.deciding": "dechaff.decisions.decide",
    "dechaff.evidence": "dechaff.explain.evidence",
    "dechaff.explanation": "dechaff.explain.contributions",
    "dechaff.facts": "dechaff.explain.facts",
    "dechaff.features.decoding": "dechaff.features.stage3",
    "dechaff.kinds": "dechaff.explain.kinds",
    "dechaff.lexicon": "dechaff.features.lexicon",
    "dechaff.lines": "dechaff.text.lines",
    "dechaff.model": "dechaff.linear.line_model",
    "dechaff.plain": "dechaff.linear.safe_pickle",
    "dechaff.repeats": "dechaff.decisions.site_lines",
    "dechaff.runs": "dechaff.text.ragged",
    "dechaff.smoothing": "dechaff.features.smoothing",
    "dechaff.stages": "dechaff.linear.stage",
    "dechaff.themes": "dechaff.explain.themes",
    "dechaff.titles": "dechaff.decisions.titles",
    "dechaff.tokens": "dechaff.text.tokens",
    "dechaff.wording": "dechaff.explain.sentences",
}


class MovedModules:
    """Finder and loader of modules by their old names, for `sys.meta_path`.

    Parameters
    ----------
    moved : mapping of str to str
        The full new names by full old names.
    """

    def __init__(self, moved: Mapping[str, str]) -> None:
        self._moved = moved

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:  # noqa: ARG002
        """Return a spec if `name` is an old name."""
        return ModuleSpec(name, self) if name in self._moved else None  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> None:
        """Return None, so that Python creates a module, which `exec_module` replaces."""

    def exec_module(self, module: ModuleType) -> None:
        """Issue a warning, import the module by its new name and register it under the old name."""
        new = self._moved[module.__name__]
        warn_moved(module.__name__, new, stacklevel=2)
        sys.modules[module.__name__] = import_module(new)


def warn_moved(old: str, new: str, stacklevel: int) -> None:
    """Issue a deprecation warning that a name has moved.

    Parameters
    ----------
    old, new : str
        The full old and new names.
    stacklevel : int
        The stack level of the import statement, as for `warnings.warn` in the caller; frames of the import system
        do not count.
    """
    message = f"{old} has moved to {new}; the old name will be removed in the next release"
    warnings.warn(message, DeprecationWarning, stacklevel=stacklevel + 1)
