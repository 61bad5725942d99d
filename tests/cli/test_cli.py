"""The command line: what holds for all commands, `clean` and `show`."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from cli_process import (
    ARTICLE,
    DECHAFF,
    OFFER,
    PROSE,
    SITES,
    SMALL,
    dechaff,
    dechaff_process,
    environment,
    on_terminal,
)

from dechaff import CleanedArticle, clean_article, load_model
from dechaff_training.corpus.corpus import Corpus

COMMANDS = ("clean", "show", "train", "evaluate", "annotate", "check", "inspect")


@pytest.fixture(scope="session")
def model(trained: Path) -> Path:
    """Return the path of a small model."""
    return trained


@pytest.fixture(scope="module")
def cleaned(model: Path) -> CleanedArticle:
    """Clean the article with the library, as the reference for the command."""
    article = clean_article(ARTICLE, load_model(model))
    assert PROSE[0] in article.text
    assert OFFER not in article.text
    return article


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """Make a folder of good and bad inputs."""
    (tmp_path / "a.txt").write_bytes(ARTICLE.encode())
    (tmp_path / "b.txt").write_bytes(ARTICLE.encode())
    (tmp_path / "empty").touch()
    (tmp_path / "binary").write_bytes(b"\x7fELF\0\1\2" * 100)
    (tmp_path / "zeros").write_bytes(bytes(100))
    (tmp_path / "wide").write_bytes("Ab\nc".encode("utf-16"))
    (tmp_path / "latin").write_bytes("Grüße\n".encode("latin-1"))
    (tmp_path / "folder").mkdir()
    (tmp_path / "bare").mkdir()
    (tmp_path / "folder" / "a.txt").write_bytes(ARTICLE.encode())
    (tmp_path / "labelled.txt").write_text(f"+ {PROSE[0]}\n- {OFFER}\n")
    (tmp_path / "unmarked.txt").write_text(f"{PROSE[0]}\n")
    (tmp_path / "bad.json").write_text("{\n,")
    (tmp_path / "page.html").write_text("<p>Something else entirely stands here.</p>")
    (tmp_path / "gold.txt").write_text("\n".join(PROSE))
    return tmp_path


BAD_INPUT = [
    (["clean", "binary"], "binary: a binary file, not text"),
    (["clean", "wide"], "wide: looks like UTF-16: if so, add --encoding utf-16"),
    (["clean", "latin"], "latin: invalid UTF-8 at byte 2 (0xFC): give the file's encoding"),
    (["clean", "zeros", "--encoding", "utf-16"], "zeros: binary, or not utf-16"),
    (["clean", "nowhere.txt"], "nowhere.txt: no such file"),
    (["clean", "bare"], "bare: no article files in this folder"),
    (
        ["clean", "https://post.example/mill?page=1"],
        "curl -sL 'https://post.example/mill?page=1' | dechaff clean --format html",
    ),
    (["report", "https://post.example/mill"], "curl -sL 'https://post.example/mill' | dechaff"),
    (["clean", "a.txt", "-o", "empty/clean.txt"], "empty"),
    (["clean", "a.txt", "--model", "nowhere.joblib"], "nowhere.joblib: cannot read the model file"),
    (["clean", "a.txt", "--model", "a.txt"], "a.txt: not a model file"),
    (["show", "binary"], "binary: a binary file, not text"),
    (["show", "nowhere.txt"], "nowhere.txt: no such file"),
    (["inspect", "a.txt"], "a.txt: not a model file"),
    (["inspect", "nowhere.joblib"], "nowhere.joblib: cannot read the model file"),
    (["train", "nowhere", "-o", "m"], "nowhere: no such file or folder"),
    (["train", "empty", "-o", "m"], "empty"),
    (["train", "unmarked.txt", "-o", "m"], "unmarked.txt:1"),
    (["train", "labelled.txt", "-o", "m"], "articles of 1 site: at least 4 are needed"),
    (["train", "labelled.txt", "-o", "folder"], "folder: not a plain file"),
    (["train", "labelled.txt", "-o", "m", "--metrics", "bad.json"], "bad.json:2: not valid JSON"),
    (
        ["train", "labelled.txt", "-o", "m", "--correct-labels"],
        "pages labelled by reading, with their HTML, from 0 sites",
    ),
    (["train", "labelled.txt", "-o", "m", "-x", "lynx"], "there is no extractor 'lynx'"),
    (["evaluate", "nowhere"], "nowhere: no such file or folder"),
    (["annotate", "nowhere.html", "--gold", "gold.txt"], "nowhere.html: no such file"),
    (["annotate", "page.html", "--gold", "empty"], "empty: empty file: write the article's paragraphs"),
    (["annotate", "page.html", "--gold", "gold.txt", "-x", "lynx"], "there is no extractor 'lynx'"),
    (["check", "nowhere"], "nowhere: no such file or folder"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD_INPUT, ids=[" ".join(a) for a, _ in BAD_INPUT])
def test_bad_input(arguments: list[str], message: str, inputs: Path, model: Path) -> None:
    """Bad input ends with a one-line error that names the input, and exit code 1."""
    needs_model = arguments[0] in {"clean", "show", "evaluate"} and "--model" not in arguments
    done = dechaff(*arguments, *(["--model", model] if needs_model else []), cwd=inputs, code=1)
    errors = [line for line in done.stderr.splitlines() if line.startswith("dechaff: error: ")]
    assert len(errors) == 1
    assert message in errors[0]
    assert done.stdout == b""
    assert not (inputs / "m").exists()


BAD_USAGE = [
    ([], ""),
    (["winnow"], "No such command"),
    (["clean", "--winnow"], "No such option"),
    (["clean", "a.txt", "--threshold", "1.5"], "--threshold"),
    (["clean", "a.txt", "--encoding", "klingon"], "there is no text encoding"),
    (["clean", "a.txt", "--encoding", "base64"], "there is no text encoding"),
    (["clean", "a.txt", "--errors", "ignore"], "--errors"),
    (["clean", "a.txt", "b.txt", "-o", "empty"], "inputs need a folder"),
    (["clean", "a.txt", "folder/a.txt", "-o", "out"], "would both be written"),
    (["clean", "a.txt", "-", "-o", "out"], "standard input has no file name"),
    (["clean", "a.txt", "--json", "-o", "folder"], "writes all results to one"),
    (["show", "a.txt", "--reasons", "-1"], "--reasons"),
    (["train", "labelled.txt"], "--out"),
    (["train", "labelled.txt", "-o", "m", "--folds", "1"], "--folds"),
    (["annotate", "page.html"], "--gold"),
    (["check"], "CORPUS"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD_USAGE, ids=[" ".join(a) for a, _ in BAD_USAGE])
def test_bad_usage(arguments: list[str], message: str, inputs: Path) -> None:
    """A wrong argument is explained, with exit code 2."""
    done = dechaff(*arguments, cwd=inputs, code=2)
    stderr = " ".join(done.stderr.replace("│", " ").split())
    assert message in stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command: str) -> None:
    """The help of every command shows an example."""
    printed = dechaff(command, "--help").stdout.decode()
    assert re.search(f"Examples?: dechaff {command} ", printed)


def test_version() -> None:
    """In a process of its own, the command prints the library's version."""
    import dechaff as library

    assert dechaff_process("--version").stdout.decode() == f"dechaff {library.__version__}\n"


@pytest.mark.parametrize("arguments", [["clean"], ["train", "nowhere", "-o", "m"]])
def test_heavy_imports_are_late(arguments: list[str], tmp_path: Path) -> None:
    """Neither cleaning nor the error about a missing corpus waits for scikit-learn, scipy, pandas, pyarrow or rich."""
    code = (
        "import sys; from dechaff_training.cli import app\n"
        "try: app.app(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print([m for m in ('sklearn', 'scipy', 'pandas', 'pyarrow', 'rich') if m in sys.modules])"
    )
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, input=b"", capture_output=True, cwd=tmp_path, env=environment(), check=True)
    assert done.stdout.decode() == "[]\n"


def test_clean_keeps_bytes(model: Path, inputs: Path, cleaned: CleanedArticle) -> None:
    """Kept lines stay byte for byte, and the offer is dropped."""
    done = dechaff("clean", "a.txt", "-m", model, cwd=inputs)
    assert done.stdout.decode() == cleaned.text


@pytest.mark.parametrize("arguments", [[], ["-"]], ids=["none", "dash"])
def test_clean_standard_input(arguments: list[str], model: Path) -> None:
    """Without files, or with a dash, standard input is cleaned."""
    assert OFFER.encode() not in dechaff("clean", *arguments, "-m", model, text=ARTICLE).stdout


def test_clean_to_file(model: Path, inputs: Path) -> None:
    """A single input is written to a file, or into an existing folder."""
    printed = dechaff("clean", "a.txt", "-m", model, cwd=inputs).stdout
    assert dechaff("clean", "a.txt", "-m", model, "-o", "new/clean.txt", cwd=inputs).stdout == b""
    dechaff("clean", "b.txt", "-m", model, "-o", "folder", cwd=inputs)
    assert (inputs / "new" / "clean.txt").read_bytes() == printed
    assert (inputs / "folder" / "b.txt").read_bytes() == printed


def test_clean_leaves_devices_alone(model: Path, inputs: Path) -> None:
    """An existing named pipe is written to and stays a pipe."""
    os.mkfifo(inputs / "pipe")
    with subprocess.Popen(["cat", inputs / "pipe"], stdout=subprocess.PIPE) as reader:
        dechaff("clean", "a.txt", "-m", model, "-o", "pipe", cwd=inputs)
        assert PROSE[0].encode() in reader.stdout.read()
    assert (inputs / "pipe").is_fifo()


def test_clean_several(model: Path, inputs: Path) -> None:
    """Bad inputs among several are skipped, with exit code 1, and the others are cleaned."""
    arguments = ("clean", "a.txt", "binary", "nowhere", "empty", "-m", model, "-o", "out")
    done = dechaff(*arguments, cwd=inputs, code=1)
    assert sorted(path.name for path in (inputs / "out").iterdir()) == ["a.txt", "empty"]
    assert done.stderr.count("dechaff: error: ") == 3
    assert "2 of 4 inputs could not be read" in done.stderr


def test_clean_several_to_output(model: Path, tmp_path: Path) -> None:
    """Texts printed one after another do not run into one line."""
    for name in "ab":
        (tmp_path / name).write_text("\n".join(PROSE))
    printed = dechaff("clean", "a", "b", "--threshold", "0", "-m", model, cwd=tmp_path).stdout.decode()
    assert printed == "\n".join(PROSE * 2)


def test_clean_json(model: Path, inputs: Path, cleaned: CleanedArticle) -> None:
    """JSON has an object for each input."""
    done = dechaff("clean", "a.txt", "empty", "--json", "-m", model, cwd=inputs)
    first, second = map(json.loads, done.stdout.splitlines())
    n_kept = sum(line.label == "content" for line in cleaned.lines)
    assert first == {
        "path": "a.txt",
        "text": cleaned.text,
        "flags": list(cleaned.flags),
        "n_lines": len(cleaned.lines),
        "n_kept": n_kept,
    }
    assert second == {"path": "empty", "text": "", "flags": [], "n_lines": 0, "n_kept": 0}


def test_clean_json_keeps_what_was_there(model: Path, inputs: Path) -> None:
    """If no input can be read, an existing output is not replaced by an empty file."""
    (inputs / "out.jsonl").write_text("earlier")
    dechaff("clean", "binary", "nowhere", "--json", "-o", "out.jsonl", "-m", model, cwd=inputs, code=1)
    assert (inputs / "out.jsonl").read_text() == "earlier"


def test_clean_warns(model: Path) -> None:
    """A warning on standard error names a document that loses nearly everything."""
    done = dechaff("clean", "-m", model, text="Log in\nSubscribe\nShare\n")
    assert done.stderr == "dechaff: warning: standard input: nearly all dropped\n"


@pytest.mark.parametrize(
    ("file", "arguments", "kept"),
    [
        ("latin", ["--encoding", "latin-1"], "Grüße\n"),
        ("latin", ["--errors", "replace"], "Gr��e\n"),
        ("wide", ["--encoding", "utf-16"], "Ab\nc"),
        ("empty", [], ""),
    ],
)
def test_clean_encodings(file: str, arguments: list[str], kept: str, model: Path, inputs: Path) -> None:
    """Inputs are decoded with the given encoding, and the output is UTF-8."""
    done = dechaff("clean", file, *arguments, "--threshold", "0", "-m", model, cwd=inputs)
    assert done.stdout.decode() == kept


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "word " * 2_000_000,
        "x" * 10_000_000,
        "漢" * 3_300_000,
        "a\n" * 1_000_000,
        "\n" * 1_000_000,
        " \n" * 1_000_000,
        "!" * 10_000_000,
        "\u202e\u200b\ufeff" * 100_000,
    ],
    ids=["words", "one word", "ideographs", "short lines", "no lines", "blanks", "no words", "invisible"],
)
def test_clean_large(text: str, model: Path) -> None:
    """A line of 10 MB and a million short lines are cleaned within two minutes."""
    began = time.process_time()
    done = dechaff("clean", "--threshold", "0", "-m", model, text=text)
    assert done.stdout.decode() == text
    assert time.process_time() - began < 120


def test_closed_pipe(model: Path, inputs: Path) -> None:
    """A reader that stops reading ends the command quietly with 141."""
    (inputs / "long").write_text(f"{PROSE[0]}\n" * 20_000)
    for command in (["clean"], ["show", "--reasons", "0"], ["show", "--json", "--reasons", "0"]):
        arguments = [*DECHAFF, *command, "long", "a.txt", "--threshold", "0", "-m", str(model)]
        with subprocess.Popen(
            arguments, cwd=inputs, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            process.stdout.readline()
            process.stdout.close()
            stderr = process.stderr.read().decode()
            assert process.wait() == 141
        assert all(line.startswith("dechaff: warning") for line in stderr.splitlines())


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="no /dev/full here")
def test_full_disk(model: Path, inputs: Path) -> None:
    """A full disk is reported as an error, without a traceback."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*DECHAFF, "clean", "a.txt", "-m", str(model)],
            cwd=inputs, env=environment(), stdout=full, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
    *warnings, error = done.stderr.decode().splitlines()
    assert (done.returncode, error) == (1, "dechaff: error: standard output: No space left on device")
    assert all(line.startswith("dechaff: warning") for line in warnings)


@pytest.mark.slow
def test_interrupt(tmp_path: Path) -> None:
    """Ctrl-C ends with 130, without a traceback or an incomplete file."""
    arguments = [*DECHAFF, "train", *map(str, SITES), *SMALL, "-o", str(tmp_path / "m.joblib")]
    # A process started in the background inherits that SIGINT is ignored; a person's is not.
    listens = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(arguments, env=environment(), stderr=subprocess.PIPE, preexec_fn=listens) as process:
        for line in process.stderr:
            if b"stage 1" in line:
                break
        process.send_signal(signal.SIGINT)
        stderr = process.stderr.read().decode()
        assert process.wait() == 130
    assert "Traceback" not in stderr
    assert list(tmp_path.iterdir()) == []


def test_show(model: Path, inputs: Path, cleaned: CleanedArticle) -> None:
    """Every line has its mark, label, kind and probability, and below them the reasons for its label in words."""
    printed = dechaff("show", "a.txt", "-m", model, cwd=inputs).stdout.decode().splitlines()
    assert re.fullmatch(rf"\+ content             [01]\.\d\d {re.escape(PROSE[0])}", printed[0])
    assert printed[1] == " " * 27 + " · ".join(
        f"{why.contribution:+.1f} {why.text}" for why in cleaned.lines[0].why()
    )
    assert re.match(r"- boilerplate offer   0\.\d\d ", printed[6])
    n_kept = sum(line.label == "content" for line in cleaned.lines)
    assert printed[-1].startswith(f"{n_kept} of 5 lines are content")


def test_show_features(model: Path, inputs: Path, cleaned: CleanedArticle) -> None:
    """With `--features` the reasons are feature names, also those against the label."""
    printed = dechaff("show", "a.txt", "--features", "-m", model, cwd=inputs).stdout.decode().splitlines()
    [first, *_] = cleaned.lines[0].reasons()
    assert printed[1].startswith(f"{' ' * 27}{first.contribution:+.1f} {first.feature}")
    assert printed[1].count(" · ") == 2


def test_show_json(model: Path, inputs: Path, cleaned: CleanedArticle) -> None:
    """JSON has one record a line, with its kind, its span and the requested number of reasons, in words and by feature."""
    done = dechaff("show", "a.txt", "--json", "--reasons", "2", "-m", model, cwd=inputs)
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [record["label"] for record in records] == [line.label for line in cleaned.lines]
    assert [record["kind"] for record in records] == [line.kind for line in cleaned.lines]
    assert [ARTICLE[r["start"] : r["end"]] for r in records] == ARTICLE.split("\r\n")[:-1:2]
    assert {len(record["reasons"]) for record in records} == {2}
    stderr = [[why["text"] for why in record["why"]] for record in records]
    assert stderr == [[why.text for why in line.why(2)] for line in cleaned.lines]


def test_show_json_is_a_corpus(model: Path, inputs: Path, cleaned: CleanedArticle) -> None:
    """The JSON of `show` can be read as a labelled article with kinds."""
    done = dechaff("show", "a.txt", "--json", "-m", model, cwd=inputs)
    (inputs / "shown.jsonl").write_bytes(done.stdout)
    (article,) = Corpus.read(inputs / "shown.jsonl").articles
    assert article.kinds == tuple(line.kind or "" for line in cleaned.lines)


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
def test_show_fits_terminal(columns: int, model: Path, inputs: Path, cleaned: CleanedArticle) -> None:
    """No row is wider than the terminal, and the labels are readable without colours."""
    printed = on_terminal("show", inputs / "a.txt", "-m", model, columns=columns, NO_COLOR="1")
    rows = re.sub("\x1b\\[[0-9;]*m", "", printed).splitlines()
    assert max(map(len, rows)) <= max(columns, 40)  # a feature's name is not cut
    marks = ["+" if line.label == "content" else "-" for line in cleaned.lines]
    assert [row[0] for row in rows if row[:2] in ("+ ", "- ")] == marks
    assert any("content  " in row for row in rows) == (columns >= 60)


def test_show_colour(model: Path, inputs: Path) -> None:
    """Colours are for terminals, unless NO_COLOR is set."""
    arguments = ("show", inputs / "a.txt", "-m", model)
    green = re.compile(r"\x1b\[(1;)?32m")
    assert green.search(on_terminal(*arguments, columns=80))
    assert not green.search(on_terminal(*arguments, columns=80, NO_COLOR="1"))
    assert b"\x1b" not in dechaff(*arguments).stdout


def test_show_disarms_control_characters(model: Path, tmp_path: Path) -> None:
    """Control characters in an article are replaced in the output."""
    (tmp_path / "a.txt").write_text("Red \x1b[31malert\x07 and \u202eback")
    printed = dechaff("show", "a.txt", "-m", model, cwd=tmp_path).stdout.decode()
    assert "Red �[31malert� and �back" in printed
    assert not set(printed) & set("\x1b\x07\u202e")
