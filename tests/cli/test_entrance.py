"""Entrances of the command line, its help, shell completion, and texts of several inputs in one output."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from cli_process import dechaff, environment

import dechaff as library

PROSE = "The council voted on Tuesday to repair the old bridge, which had been closed since March."
COMMANDS = (
    *("clean", "show", "bulk", "label", "next", "report", "diff", "train", "evaluate", "benchmark", "annotate"),
    *("check", "inspect"),
)


@pytest.mark.parametrize("package", ["dechaff", "dechaff_training"])
def test_python_m(package: str, tmp_path: Path) -> None:
    """`python -m dechaff` is the command, with its name, its exit codes and its standard streams."""
    (tmp_path / "a.txt").write_text(f"{PROSE}\nShare\n")
    run = subprocess.run(
        [sys.executable, "-m", package, "clean", "a.txt"],
        capture_output=True,
        cwd=tmp_path,
        check=True,
        env=environment(),
    )
    assert run.stdout == f"{PROSE}\n".encode()
    wrong = subprocess.run([sys.executable, "-m", package, "nonsense"], capture_output=True, env=environment())
    assert wrong.returncode == 2
    assert b"Usage: dechaff " in wrong.stderr


@pytest.mark.parametrize("missing", ["dechaff_training", "typer"])
def test_python_m_without_the_command_line(missing: str) -> None:
    """Where the library is installed without the command line or its dependencies, one line says what to do."""
    code = f"import runpy, sys; sys.modules[{missing!r}] = None; runpy.run_module('dechaff', run_name='__main__')"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment())
    assert run.returncode == 1
    assert run.stderr.splitlines() == [
        b"dechaff: error: the command line is not installed; run: pip install dechaff"
    ]


def test_an_install_for_inference_alone() -> None:
    """Without the packages of the command line, the command names what is missing and how to install it."""
    script = "import sys; sys.modules['typer'] = None; from dechaff_training.__main__ import main; main()"
    ended = subprocess.run(
        [sys.executable, "-c", script, "clean"], capture_output=True, env=environment(), text=True
    )
    assert ended.stderr == "dechaff: error: the command needs typer; run: pip install dechaff\n"
    assert ended.returncode == 1


@pytest.mark.parametrize("switch", ["-V", "--version"])
def test_version(switch: str) -> None:
    """Both switches print the version."""
    assert dechaff(switch).stdout == f"dechaff {library.__version__}\n".encode()


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_switches_have_no_value(command: str) -> None:
    """No help text shows a type for an option that takes no value."""
    shown = dechaff(*([command] if command else []), "--help").stdout.decode()
    assert "--help" in shown
    assert not re.search("bool", shown, re.IGNORECASE)


@pytest.mark.parametrize(("shell", "words"), [("bash", "_dechaff_completion"), ("zsh", "#compdef dechaff")])
def test_shell_completion(shell: str, words: str) -> None:
    """The script for a shell is printed, and it completes commands, options and the names that they take."""
    source = subprocess.run(
        [sys.executable, "-m", "dechaff"], capture_output=True, env=environment(_DECHAFF_COMPLETE=f"source_{shell}")
    )
    assert words in source.stdout.decode()
    cases = ("dechaff cl", "clean"), ("dechaff clean --sep", "--separator")
    for typed, offered in (
        *cases,
        ("dechaff bulk --keep-kind leg", "legal"),
        ("dechaff show --threshold rec", "recall"),
    ):
        count = {"COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split()) - 1), "_TYPER_COMPLETE_ARGS": typed}
        found = subprocess.run(
            [sys.executable, "-m", "dechaff"],
            capture_output=True,
            env=environment(_DECHAFF_COMPLETE=f"complete_{shell}", **count),
        )
        assert offered in found.stdout.decode()


@pytest.mark.parametrize(
    ("separator", "between"),
    [((), ""), (("--separator", ""), "\n"), (("--separator", "---"), "---\n"), (("--separator", "é"), "é\n")],
)
@pytest.mark.parametrize("end", ["", "\n"])
def test_separator(separator: tuple[str, ...], between: str, end: str, tmp_path: Path) -> None:
    """The separator is a line of its own between texts, also if a text does not end in a line break."""
    for name in ("a.txt", "b.txt", "c.txt"):
        (tmp_path / name).write_text(f"{PROSE} {name}{end}")
    found = dechaff("clean", "a.txt", "b.txt", "c.txt", *separator, cwd=tmp_path).stdout.decode()
    assert found == "\n".join([f"{PROSE} a.txt", f"{between}{PROSE} b.txt", f"{between}{PROSE} c.txt"]) + end


@pytest.mark.parametrize(
    ("other", "reason"), [(("--json",), "not with --json"), (("-o", "out/"), "not with a folder")]
)
def test_separator_without_effect(other: tuple[str, ...], reason: str, tmp_path: Path) -> None:
    """A separator that would not be written is refused, and nothing is written."""
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(PROSE)
    refused = dechaff("clean", "a.txt", "b.txt", "--separator", "---", *other, cwd=tmp_path, code=2)
    assert reason in refused.stderr
    assert refused.stdout == b""
    assert not (tmp_path / "out").exists()


def test_singular(tmp_path: Path) -> None:
    """One of a thing is not called by its plural."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one.txt").write_text(f"+ {PROSE}\n+ {PROSE}\n")
    assert dechaff("check", "a", cwd=tmp_path).stderr.endswith("dechaff: 0 errors, 1 warning\n")
    wrong = dechaff("train", "a", "-o", "model.joblib", cwd=tmp_path, code=1)
    assert "articles of 1 site: " in wrong.stderr
    assert "fine-tune a model: dechaff train --start-from default" in wrong.stderr
