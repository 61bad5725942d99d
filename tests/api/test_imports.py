"""What importing and using the library loads, and its public names."""

import subprocess
import sys

import pytest

HEAVY = {"sklearn", "scipy", "pandas", "typer", "rich", "pyarrow", "lxml", "matplotlib", "dechaff_training"}
ARRAYS = "import dechaff; dechaff.clean_array(['The vote was held.', None]); dechaff.label_array(['Share'])"
USE = "import dechaff; dechaff.default_model(); dechaff.keep_content('The vote was held.\\nShare')"
EXPLAIN = "import dechaff; dechaff.classify_lines('The vote was held.\\nShare')[0].reasons()"
KIND = "import dechaff; dechaff.classify_lines('The vote was held.\\nShare')[1].kind"


@pytest.mark.parametrize("code", ["import dechaff", USE, ARRAYS, EXPLAIN, KIND])
def test_nothing_heavy_is_imported(code: str) -> None:
    """In a fresh process, importing, cleaning, reasons and kinds load neither scikit-learn nor scipy nor the command line."""
    script = f"{code}\nimport sys\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert {"dechaff", "numpy"} <= loaded
    assert loaded & HEAVY == set()


def test_the_public_names() -> None:
    """Every public name exists, and importing all of them works."""
    import dechaff

    assert [name for name in dechaff.__all__ if not hasattr(dechaff, name)] == []
    assert len(set(dechaff.__all__)) == len(dechaff.__all__)
    for kind in ("ArtifactError", "CorpusError", "InputError", "MissingExtraError"):
        assert issubclass(getattr(dechaff, kind), dechaff.DechaffError)
