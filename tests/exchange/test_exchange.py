"""Labels from and to other tools: exact round trips, and clear errors for malformed input."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from bulk_corpora import read_jsonl, records, tree, write_jsonl
from hypothesis import assume, given
from hypothesis import strategies as st
from typer.testing import CliRunner

from dechaff import InputError, classify_lines
from dechaff.bulk import Settings, clean_bulk
from dechaff.errors import CorpusError
from dechaff.explain.kinds import KINDS
from dechaff.text.lines import split_lines
from dechaff_training.cli import app as cli
from dechaff_training.corpus import format_labelled
from dechaff_training.exchange.convert import exchange_labels

ARTICLES = Path(__file__).parents[2] / "data" / "articles"
TEXT = "The mill \U0001f600 shuts\n\nSubscribe\nTweet\n"
MARKED = "+ The mill \U0001f600 shuts\n\n-offer Subscribe\n- Tweet\n"
# What ends a line in a file, or is half a character: no labelled file holds it within a line.
LINE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"))
LINES = st.lists(st.tuples(LINE, st.sampled_from([1, 0, -1]), st.sampled_from(["", *KINDS])), min_size=1)


def there_and_back(source: Path, folder: Path, through: str) -> Path:
    """Convert labelled text files to another format and back."""
    between = folder / ("tasks.json" if through == "label-studio" else "documents")
    exchange_labels([source], "text", through, between)
    exchange_labels(
        [between if through == "label-studio" else between / "articles.jsonl"], through, "text", folder / "back"
    )
    return folder / "back"


@pytest.mark.parametrize("through", ["label-studio", "dolma"])
def test_the_articles_come_back(through: str, tmp_path: Path) -> None:
    """The project's own articles, with kinds and masks, survive a round trip byte for byte."""
    back = tree(there_and_back(ARTICLES, tmp_path, through))
    assert back == {name: data for name, data in tree(ARTICLES).items() if name.endswith(".txt")}


@pytest.mark.parametrize("through", ["text", "label-studio", "dolma"])
@given(LINES)
def test_any_file_comes_back(through: str, rows: list[tuple[str, int, str]]) -> None:
    """Labelled files of any characters, with indented and blank lines, survive a round trip."""
    text = "".join(f"{line if split_lines(line) else ''}\n" for line, _, _ in rows)
    marked = [(label, kind if label == 0 else "") for line, label, kind in rows if split_lines(line)]
    assume(marked)
    labelled = format_labelled(text, [label for label, _ in marked], [kind for _, kind in marked]).encode()
    with TemporaryDirectory() as name:
        path = Path(name, "site", "page.txt")
        path.parent.mkdir()
        path.write_bytes(labelled)
        if through == "text":
            exchange_labels([path], "text", "text", Path(name, "back"))
        else:
            there_and_back(path, Path(name), through)
        assert Path(name, "back", "site", "page.txt").read_bytes() == labelled


def region(start: Any, end: Any, label: Any, **more: Any) -> dict[str, Any]:
    """Return a region as Label Studio exports it."""
    value = {"start": start, "end": end, "labels": [label], **more}
    return {"id": "gew3t9fgkg", "from_name": "label", "to_name": "text", "type": "labels", "value": value}


def task(*results: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Return a task as Label Studio exports it, with one annotation for each list of regions."""
    annotations = [
        {"id": place, "completed_by": 1, "result": result, "was_cancelled": False, "ground_truth": False}
        for place, result in enumerate(results, 1)
    ]
    made = {"id": 7, "data": {"text": TEXT, "article": "bote/mill"}, "annotations": annotations, "predictions": []}
    return {**made, "file_upload": "tasks.json", "project": 3, **more}


GOOD = [region(0, 16, "content"), region(18, 27, "boilerplate/offer"), region(28, 33, "boilerplate")]


def labelled(folder: Path, *tasks: Any) -> str:
    """Convert tasks to labelled files; return the content of the only one."""
    (folder / "export.json").write_text(json.dumps(list(tasks)))
    exchange_labels([folder / "export.json"], "label-studio", "text", folder / "out")
    (path,) = (folder / "out").rglob("*.txt")
    return path.relative_to(folder / "out").as_posix() + "\n" + path.read_text()


EXPORTS = {
    "as drawn, with its text": task([region(0, 16, "content", text="The mill \U0001f600 shuts"), *GOOD[1:]]),
    "over two lines, as the page writes their break": task(
        [GOOD[0], region(18, 27, "boilerplate/offer"), region(28, 34, "boilerplate", text="Tweet\\n")]
    ),
    "sloppy edges": task([region(1, 17, "content"), region(20, 28, "boilerplate/offer"), GOOD[2]]),
    "with other results": task([*GOOD, {"type": "choices", "value": {"choices": ["news"]}}, {"type": "relation"}]),
    "two who agree": task(GOOD, GOOD[::-1]),
    "one cancelled": task(GOOD, []) | {"annotations": [*task(GOOD)["annotations"], {"was_cancelled": True}]},
    "a ground truth": task(GOOD) | {"annotations": [{"ground_truth": True, "result": GOOD}, {"result": []}]},
}


@pytest.mark.parametrize("export", EXPORTS.values(), ids=EXPORTS.keys())
def test_what_label_studio_exports(export: dict[str, Any], tmp_path: Path) -> None:
    """Every form of Label Studio's export becomes the same labelled file; offsets count code points."""
    assert labelled(tmp_path, export) == f"bote/mill.txt\n{MARKED}"


@pytest.mark.parametrize(
    ("identity", "name"),
    [
        ("bote/mill", "bote/mill"),
        ("../../mill", "export/mill"),
        ("https://a.example/b?c", "export/https-a.example-b-c"),
    ],
)
def test_names_stay_within_the_folder(identity: str, name: str, tmp_path: Path) -> None:
    """An id that is no site and name becomes one file name, and none leads out of the folder."""
    export = task(GOOD, data={"text": TEXT, "article": identity})
    assert labelled(tmp_path, export) == f"{name}.txt\n{MARKED}"


def test_a_task_without_a_name(tmp_path: Path) -> None:
    """A foreign task is named after the export and its number."""
    assert labelled(tmp_path, task(GOOD, data={"text": TEXT})).startswith("export/7.txt\n")


BAD_TASKS: dict[str, tuple[Any, str]] = {
    "no list of tasks": ({"tasks": []}, "export.json: not a list of tasks"),
    "no object": ([3], "task 1 of the list is not an object"),
    "another field": ([task(GOOD, data={"body": TEXT})], 'task 7: no string "text" in "data"'),
    "JSON-MIN": ([{"id": 7, "data": {"text": TEXT}, "label": []}], 'task 7: no list "annotations"'),
    "nothing done": ([task()], "task 7: no annotation"),
    "a line without a span": ([task(GOOD[:2])], "task 7: line 4, 'Tweet': no span"),
    "two labels": (
        [task([*GOOD, region(20, 33, "content")])],
        "task 7: line 3, 'Subscribe': overlapped by spans of boilerplate/offer and",
    ),
    "a kind or none": (
        [task([*GOOD, region(18, 27, "boilerplate")])],
        "spans of boilerplate and boilerplate/offer",
    ),
    "people who disagree": (
        [task(GOOD, [*GOOD[:2], region(28, 33, "content")])],
        "task 7: line 4: boilerplate in annotation 1, content in annotation 2",
    ),
    "another label": ([task([region(0, 16, "Offer")])], "task 7: unknown label 'Offer': choose one of content"),
    "no label": (
        [task([GOOD[0] | {"value": {"start": 0, "end": 1, "labels": []}}])],
        "give the region exactly one label",
    ),
    "behind the end": ([task([region(0, 99, "content")])], "a span from 0 to 99 exceeds the text of 34 characters"),
    "a place in HTML": (
        [task([region("/p[1]/text()", 3, "content")])],
        "the span from '/p[1]/text()' to 3 needs whole",
    ),
    "UTF-16 units": (
        [task([*GOOD[:2], region(29, 34, "boilerplate", text="Tweet")])],
        "text 'Tweet', but its offsets",
    ),
    "one name twice": ([task(GOOD), task(GOOD)], "bote/mill: two articles have this id"),
    "half a pair": (
        [task([region(0, 2, "content")], data={"text": "\ud800a", "article": "a/b"})],
        "half a surrogate",
    ),
    "no tasks": ([], "export.json: no labelled articles found"),
}


@pytest.mark.parametrize(("content", "message"), BAD_TASKS.values(), ids=BAD_TASKS.keys())
def test_bad_tasks(content: Any, message: str, tmp_path: Path) -> None:
    """Malformed tasks are reported by file, task and line, and nothing is written."""
    (tmp_path / "export.json").write_text(json.dumps(content))
    with pytest.raises(CorpusError) as error:
        exchange_labels([tmp_path / "export.json"], "label-studio", "text", tmp_path / "out")
    assert message in str(error.value)
    assert not (tmp_path / "out").exists()


def test_what_bulk_runs_write(tmp_path: Path) -> None:
    """The attributes of a bulk run become labelled files with the model's labels."""
    path = write_jsonl(tmp_path / "in.jsonl.gz", records(5))
    clean_bulk([path], tmp_path / "clean", Settings(attributes=True))
    attributes = tmp_path / "clean" / "_attributes" / "in.jsonl.gz"
    assert exchange_labels([path, attributes], "dolma", "text", tmp_path / "out") == 5
    for row in read_jsonl(path):
        marks = [
            line[0] for line in (tmp_path / "out" / "in" / f"{row['id']}.txt").read_text().splitlines() if line
        ]
        expected = ["+" if line.probability >= 0.5 else "-" for line in classify_lines(row["text"])]
        assert marks == expected


def spoil(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    """Return a function that changes the attributes in a folder."""

    def spoiled(folder: Path) -> None:
        path = folder / "_attributes" / "a.jsonl"
        record = json.loads(path.read_text())
        change(record)
        path.write_text(json.dumps(record) + "\n")

    return spoiled


BAD_DOLMA: dict[str, tuple[Callable[[Path], Any], str]] = {
    "another document": (spoil(lambda record: record.update(id="b")), "document s/a: no attributes in"),
    "no attributes": (spoil(lambda record: record.pop("attributes")), 'a.jsonl:1: no object "attributes"'),
    "no file of them": (
        lambda folder: (folder / "_attributes" / "a.jsonl").unlink(),
        "a.jsonl: cannot be read: No such",
    ),
    "no spans": (spoil(lambda record: record["attributes"].update(dechaff__content=3)), "is not a list of [start"),
    "no score": (
        spoil(lambda record: record["attributes"].update(dechaff__content=[[0, 3]])),
        "[0, 3] is not [start",
    ),
    "no probability": (
        spoil(lambda record: record["attributes"].update(dechaff__content=[[0, 3, float("nan")]])),
        "is not [start, end, score between 0 and 1]",
    ),
    "an unknown kind": (
        spoil(lambda record: record["attributes"].update(dechaff__advert=[[0, 3, 1.0]])),
        "document s/a: unknown label 'boilerplate/advert'",
    ),
    "content and masked": (
        spoil(lambda record: record["attributes"].update(dechaff__masked=[[0, 3, 1.0]])),
        "document s/a: line 1, 'Hut': overlapped by spans of content and masked",
    ),
    "a line without": (
        lambda folder: (folder / "a.jsonl").write_text('{"id": "s/a", "text": "Hut\\nTweet"}'),
        "document s/a: line 2, 'Tweet': no span",
    ),
    "one id twice": (
        lambda folder: (folder / "a.jsonl").write_text('{"id": "s/a", "text": "Hut"}\n' * 2),
        "a.jsonl:2: the id 's/a' is not unique",
    ),
    "no text": (lambda folder: (folder / "a.jsonl").write_text('{"id": "s/a"}'), 'a.jsonl:1: no string "text"'),
    "no JSON": (lambda folder: (folder / "a.jsonl").write_text("{"), "a.jsonl:1: not valid JSON"),
    "no UTF-8": (lambda folder: (folder / "a.jsonl").write_bytes(b"\xff"), "a.jsonl: 'utf-8' codec can't decode"),
}


@pytest.mark.parametrize(("change", "message"), BAD_DOLMA.values(), ids=BAD_DOLMA.keys())
def test_bad_documents(change: Callable[[Path], Any], message: str, tmp_path: Path) -> None:
    """Malformed documents or attributes are reported by file, record and line."""
    write_jsonl(tmp_path / "a.jsonl", [{"id": "s/a", "text": "Hut"}])
    write_jsonl(
        tmp_path / "_attributes" / "a.jsonl", [{"id": "s/a", "attributes": {"dechaff__content": [[0, 3, 1.0]]}}]
    )
    change(tmp_path)
    with pytest.raises(CorpusError) as error:
        exchange_labels([tmp_path / "a.jsonl"], "dolma", "text", tmp_path / "out")
    assert message in str(error.value)


def test_damaged_or_unknown_files_of_documents(tmp_path: Path) -> None:
    """A truncated compressed file and a file of another kind are refused by name."""
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b"{}" * 9)[:-9])
    (tmp_path / "a.csv").touch()
    for name, message in (("a.jsonl.gz", "ends too early"), ("a.csv", "not a JSON Lines file")):
        with pytest.raises(CorpusError, match=rf"{name}: .*{message}"):
            exchange_labels([tmp_path / name, tmp_path / name], "dolma", "text", tmp_path / "out")


def test_several_files_need_a_folder(tmp_path: Path) -> None:
    """Several labelled files cannot be written to standard output or to one file."""
    (tmp_path / "file").touch()
    for out in (None, tmp_path / "file"):
        with pytest.raises(InputError, match="give a folder with -o"):
            exchange_labels([ARTICLES], "text", "dolma", out)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["annotate", str(ARTICLES), "--from", "text", "--to", "label-studio"], 0, '"to_name": "text"'),
        (["annotate", str(ARTICLES), "--from", "text"], 2, "both --from and --to"),
        (["annotate", "page.html"], 2, "one page and its --gold"),
        (["annotate", "a.html", "b.html", "--gold", "c.txt"], 2, "one page and its --gold"),
        (["annotate", str(ARTICLES), "--from", "text", "--to", "spacy"], 2, "spacy"),
        (
            ["annotate", "nowhere.json", "--from", "label-studio", "--to", "text", "-o", "x"],
            1,
            "nowhere.json: no such file",
        ),
    ],
)
def test_the_command(arguments: list[str], code: int, said: str) -> None:
    """The command converts, and reports missing options."""
    done = CliRunner().invoke(cli.app, arguments)
    assert done.exit_code == code
    assert said in " ".join((done.stdout + done.stderr).replace("│", " ").split())
