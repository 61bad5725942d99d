"""Modules that have moved can be imported by their old names, with a warning."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from dechaff import MissingExtraError, _moved
from dechaff_training import _moved as _moved_training

MOVED = {**_moved.MOVED, **_moved_training.MOVED}
# The imports that the documentation of version 0.1.0 showed.
DOCUMENTED = """\
from dechaff_training.corpus import Corpus
from dechaff_training.estimator import LineClassifier
from dechaff import titles
import dechaff.kinds
import dechaff.kinds
assert not {"datatrove", "uvicorn"} & set(__import__("sys").modules)
print(Corpus.__module__, LineClassifier.__module__, titles.__name__, dechaff.kinds.__spec__.name)
"""


@pytest.mark.parametrize("old", MOVED)
def test_old_names_are_the_new_modules(old: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each old name warns with the new one and is the same module object."""
    monkeypatch.delitem(sys.modules, old, raising=False)
    try:
        new = import_module(MOVED[old])
    except MissingExtraError as error:
        pytest.skip(str(error))
    with pytest.warns(DeprecationWarning, match=f"{old} has moved to {MOVED[old]};"):
        assert import_module(old) is new


def test_documented_imports(tmp_path: Path) -> None:
    """In a fresh process the old imports work, and each warns once, at the user's line."""
    script = tmp_path / "user.py"
    script.write_text(DOCUMENTED)
    run = subprocess.run([sys.executable, "-W", "always", script], capture_output=True, text=True, check=True)
    assert run.stdout.split() == [
        "dechaff_training.corpus.corpus",
        "dechaff_training.fit.estimator",
        "dechaff.decisions.titles",
        "dechaff.explain.kinds",
    ]
    warned = [line.split(": ")[0] for line in run.stderr.splitlines() if "DeprecationWarning" in line]
    assert warned == [f"{script}:{line}" for line in (2, 3, 4)]


def test_other_names_are_unknown() -> None:
    """A name that never existed is still an error."""
    with pytest.raises(ModuleNotFoundError):
        import_module("dechaff.moved_nowhere")
