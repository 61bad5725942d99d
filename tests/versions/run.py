"""Test every supported Python with the oldest and the newest supported packages (needs uv).

python tests/versions/run.py

Each environment runs the core tests and trains a model; then each loads the models of all, whose probabilities must
equal those recorded where it was trained, to 1e-6. The table is for docs/versions.md.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXCHANGE = Path(__file__).parent / "exchange.py"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
RESOLUTIONS = ("lowest-direct", "highest")
SHOWN = ("numpy", "scikit-learn", "scipy", "joblib")
#: For the core tests; installed after the packages under test, which stay.
TOOLS = ("pytest>=8.3", "hypothesis>=6.115")
#: Tests that need no extras.
CORE = (
    *("text", "features", "linear", "decisions", "explain"),
    *("api/test_api.py", "api/test_hostile_content.py", "api/test_imports.py"),
    *("fit/test_calibration.py", "fit/test_crosses.py", "fit/test_estimator.py", "fit/test_presets.py"),
    *("corpus/test_corpus.py", "evaluate/test_metrics.py", "cli/test_cli.py"),
)
TOLERANCE = 1e-6


@dataclass
class Environment:
    """One Python with one resolution of packages."""

    python: str
    resolution: str
    folder: Path

    @property
    def name(self) -> str:
        """Return the name of the environment and its model."""
        return f"{self.python}-{self.resolution}"

    @property
    def interpreter(self) -> Path:
        """Return the path of its Python."""
        return self.folder / self.name / "bin" / "python"

    def make(self) -> None:
        """Install the resolved dependencies, the test tools, and dechaff from its wheel."""
        run("uv", "venv", "--quiet", "--clear", "--python", self.python, self.interpreter.parents[1])
        install = ("uv", "pip", "install", "--quiet", "--python", self.interpreter)
        run(*install, "--only-binary", ":all:", "--resolution", self.resolution, "-r", ROOT / "pyproject.toml")
        run(*install, *TOOLS)
        run(*install, "--no-deps", "--reinstall-package", "dechaff", ROOT)

    def versions(self) -> list[str]:
        """Return the resolved versions."""
        shown = f"import importlib.metadata as m; print(*map(m.version, {SHOWN}))"
        return run(self.interpreter, "-c", shown).split()

    def run_tests(self) -> str:
        """Run the core tests and return pytest's last line."""
        tests = [ROOT / "tests" / each for each in CORE]
        options = (
            "-q",
            "--durations=20",
            "-p",
            "no:cacheprovider",
            "--no-header",
            "-o",
            "addopts=",
            "-m",
            "not slow",
        )
        done = subprocess.run(
            [self.interpreter, "-m", "pytest", *options, *tests],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        (self.folder / f"{self.name}.log").write_text(done.stdout + done.stderr, "utf-8")
        return done.stdout.strip().splitlines()[-1].strip("= ") if done.stdout.strip() else "did not start"


def run(*command: object) -> str:
    """Run a command and return its standard output."""
    return subprocess.run([*map(str, command)], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def try_all(folder: Path, pythons: list[str]) -> Iterator[list[str]]:
    """Yield the rows of the table."""
    ready, rows = [], []
    for python in pythons:
        for resolution in RESOLUTIONS:
            environment = Environment(python, resolution, folder)
            try:
                environment.make()
            except subprocess.CalledProcessError as error:
                print(environment.name, error.stderr, sep="\n", file=sys.stderr)
                yield [python, resolution, *["-"] * len(SHOWN), "could not be had", "-"]
                continue
            run(environment.interpreter, EXCHANGE, "train", folder, environment.name)
            rows.append([python, resolution, *environment.versions(), environment.run_tests()])
            ready.append(environment)
            print(*rows[-1], file=sys.stderr)
    for environment, row in zip(ready, rows, strict=True):
        found = json.loads(run(environment.interpreter, EXCHANGE, "compare", folder))
        worst = max(found.values())
        yield [*row, f"{worst:.1e} over {len(found)} models" + (" NOT EQUAL" if worst > TOLERANCE else "")]


def main() -> None:
    """Print the table as Markdown; end with 1 if a test failed or a model's probabilities differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=ROOT / ".cache" / "versions", help="for the environments")
    parser.add_argument("--python", action="append", help=f"by default {', '.join(PYTHONS)}")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for old in options.folder.glob("*.joblib"):
        old.unlink()
    rows = sorted(try_all(options.folder, options.python or list(PYTHONS)))
    print("| Python | resolution |", " | ".join(SHOWN), "| tests | largest difference |")
    print("|---" * (len(SHOWN) + 4) + "|")
    for row in rows:
        print("|", " | ".join(row), "|")
    sys.exit(any("failed" in row[-2] or "error" in row[-2] or "NOT EQUAL" in row[-1] for row in rows))


if __name__ == "__main__":
    main()
