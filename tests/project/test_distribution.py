"""The wheel, the source distribution, and the dependencies."""

import ensurepip
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from licences import ROOT, direct_dependencies, rows

pytest.importorskip("hatchling", reason="needs the dev extra: the build backend")

PACKAGES = {"model": "dechaff", "training": "dechaff_training"}
SOURCES = (".gitignore", "model", "training", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE")
KINDS = {".py", ".typed", ".tsv", ".joblib", ".md", ".html", ".css", ".js", ".svg"}
ABOUT = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}


def build(source: Path, to: Path) -> dict[str, Path]:
    """Build both distributions with the installed backend, offline; return them by suffix."""
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(to)]
    environment = {k: v for k, v in os.environ.items() if k != "SOURCE_DATE_EPOCH"}
    subprocess.run(command, cwd=source, env=environment, check=True, capture_output=True)
    return {path.suffix: path for path in to.iterdir()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return build(ROOT, tmp_path_factory.mktemp("built"))


@pytest.mark.slow
def test_the_wheel_holds_the_packages_and_nothing_else(built: dict[str, Path]) -> None:
    """The wheel holds every file of the two packages and no other file."""
    with zipfile.ZipFile(built[".whl"]) as wheel:
        names = set(wheel.namelist())
        assert all(info.external_attr >> 16 & 0o022 == 0 for info in wheel.infolist()), "others may write"
    expected = {
        path.relative_to(ROOT / room).as_posix()
        for room, package in PACKAGES.items()
        for path in (ROOT / room / package).rglob("*")
        if path.is_file() and path.parent.name != "__pycache__"
    }
    assert {Path(name).suffix for name in expected} <= KINDS
    about = {name.partition(".dist-info/")[2] for name in names - expected}
    assert expected <= names
    assert about == ABOUT
    tables = ("features/lexicon.tsv", "explain/themes.tsv", "explain/kinds.tsv")
    for needed in ("artifacts/default.joblib", *tables, "py.typed"):
        assert f"dechaff/{needed}" in names
    assert "dechaff_training/label_app/static/index.html" in names


@pytest.mark.slow
def test_builds_are_reproducible(built: dict[str, Path], tmp_path: Path) -> None:
    """A copy elsewhere, with other times and a stricter umask, builds the same wheel and source distribution byte for byte."""
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(
                source, copy / name, ignore=shutil.ignore_patterns("__pycache__"), copy_function=shutil.copy
            )
        else:
            shutil.copy(source, copy)
    again = build(copy, tmp_path / "again")
    for suffix, path in built.items():
        digests = [hashlib.sha256(each.read_bytes()).hexdigest() for each in (path, again[suffix])]
        assert digests[0] == digests[1], path.name
    assert {path.name for path in built.values()} == {path.name for path in again.values()}


@pytest.mark.slow
def test_the_wheel_works_in_an_empty_environment(built: dict[str, Path], tmp_path: Path) -> None:
    """Installed in a new environment with only numpy and joblib, the library, its data and the command work."""
    pip = next((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"), None)
    if pip is None:
        pytest.skip("this Python brings no pip")
    venv.create(tmp_path / "env")
    binaries = tmp_path / "env" / "bin"
    offline = ("install", "--quiet", "--no-deps", "--no-index", "--no-compile", "--no-cache-dir", built[".whl"])
    environment = {"PATH": os.defpath, "HOME": str(tmp_path)}
    subprocess.run([binaries / "python", pip / "pip", *offline], env=environment, check=True, capture_output=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": tmp_path / "env"}))
    # Behind its own packages; what an editable dechaff there would add does not count from here.
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib"))
    script = (
        "import dechaff; print(dechaff.__file__, dechaff.keep_content('The vote was held.\\nShare', threshold=0.9))"
    )
    used = subprocess.run(
        [binaries / "python", "-I", "-c", script], env=environment, check=True, capture_output=True, text=True
    )
    assert used.stdout.split()[0].startswith(str(packages))
    article = tmp_path / "a.txt"
    article.write_text("The council voted on Tuesday to repair the old bridge.\n\nShare\n", "utf-8")
    cleaned = subprocess.run(
        [binaries / "dechaff", "clean", article], env=environment, check=True, capture_output=True, text=True
    )
    assert cleaned.stdout.startswith("The council voted on Tuesday")


def test_every_dependency_has_a_known_licence() -> None:
    """docs/dependencies.md lists every package named in pyproject.toml, with the licence of the installed version."""
    table = (ROOT / "docs" / "dependencies.md").read_text("utf-8").splitlines()
    listed = {line.split(" | ")[0].strip("| ") for line in table if line.startswith("| ")} - {"package"}
    assert listed == set(direct_dependencies())
    assert [row for row in rows() if row not in table] == []
    assert not any("unknown" in line.lower() for line in table)
