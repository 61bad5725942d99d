"""List the direct dependencies with their extras and licences: the table of docs/dependencies.md.

python tests/licences.py > docs/dependencies.md
"""

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEAD = """# What dechaff depends on
Named in `pyproject.toml`, as installed from `requirements.lock`; made by `python tests/licences.py`. All that these need
in turn: `make sbom`. Inference itself imports numpy and joblib alone.

| package | for | licence |
|---|---|---|
"""


def direct_dependencies() -> dict[str, list[str]]:
    """Return the packages named in pyproject.toml, each with "core" or the extras that need it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = {"core": project["dependencies"], **project["optional-dependencies"]}
    found: dict[str, list[str]] = {}
    for extra, requirements in asked.items():
        for requirement in requirements:
            name = re.match(r"[\w.-]+", requirement)[0]
            if name != project["name"]:
                found.setdefault(name, []).append(extra)
    return dict(sorted(found.items()))


def licence(package: Distribution) -> str:
    """Read a package's licence: its expression, else its classifiers, else the first line of a text."""
    said = package.metadata
    classifiers = [each for each in said.get_all("Classifier", []) if each.startswith("License :: OSI")]
    texts = [package.read_text(f"licenses/{name}") or "" for name in said.get_all("License-File", [])]
    return said.get("License-Expression") or (
        ", ".join(each.rpartition(" :: ")[2] for each in classifiers)
        or next(filter(None, [said.get("License"), *texts]), "unknown").strip().splitlines()[0]
    )


def rows() -> Iterator[str]:
    """Yield the rows of the table; skip packages that are not installed."""
    for name, extras in direct_dependencies().items():
        try:
            yield f"| {name} | {', '.join(extras)} | {licence(distribution(name))} |"
        except PackageNotFoundError:
            continue


if __name__ == "__main__":
    print(HEAD + "\n".join(rows()))
