"""The functions of the label page, by its HTTP requests: open, save, add, explain."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="needs the extra [page]")

from helpers import ANY_TEXT
from hypothesis import given
from page_sessions import FERRY, PageClient, write_texts

from dechaff import InputError, LineModel, classify_lines
from dechaff.explain.kinds import KINDS
from dechaff_training.corpus import Corpus, check_paths
from dechaff_training.label_app.app import STATIC
from dechaff_training.label_app.session import Session

FLIP = str.maketrans("+-", "-+")


@pytest.fixture
def client(tmp_path: Path, model: LineModel) -> PageClient:
    """Serve a labelled article and a plain one."""
    return PageClient(Session([write_texts(tmp_path / "texts")], tmp_path / "mine", model))


def start_again(tmp_path: Path, model: LineModel) -> PageClient:
    """Serve the same folders in a new session, as after a crash."""
    return PageClient(Session([tmp_path / "texts"], tmp_path / "mine", model))


def states(client: PageClient) -> list[tuple[str, str]]:
    """Return the articles with their states."""
    return [(item["slug"], item["state"]) for item in client.ask("GET", "api/articles").json()["articles"]]


def test_plain_text_opens_with_the_model_s_labels(client: PageClient) -> None:
    """Lines are in order, with the labels of `classify_lines` and the gaps between them."""
    article = client.open(1)
    lines = classify_lines(FERRY.read_text())
    assert (article["site"], article["slug"], article["origin"]) == ("observer", "ferry", "model")
    assert [line["text"] for line in article["lines"]] == [line.text for line in lines]
    assert article["marks"] == "".join("+" if line.label == "content" else "-" for line in lines)
    assert [line["kind"] for line in article["lines"]] == [line.kind for line in lines]
    assert [line["text"] for line in article["lines"] if line["gap"]][:2] == ["Harbour", lines[5].text]


def test_labelled_text_opens_with_its_labels(client: PageClient) -> None:
    """A labelled file opens with its labels, masks and kinds, and is saved unchanged."""
    article = client.open(0)
    assert (article["marks"], article["origin"]) == ("+-?", "labelled")
    assert article["kinds"] == ["", "share", ""]
    path = Path(client.put("", article, "+-?").json()["path"])
    assert path.read_text() == "+ The weir is open again.\n\n-share Tweet\n? Perhaps\n"


def test_saved_labels_come_back(client: PageClient, tmp_path: Path, model: LineModel) -> None:
    """Saved labels are a corpus, and the article opens with them and is marked as saved."""
    article = client.open(1)
    marks = article["marks"].translate(FLIP)
    assert client.put("", article, marks).status_code == 200
    assert states(client) == [("weir", "new"), ("ferry", "saved")]
    assert client.open(1)["marks"] == start_again(tmp_path, model).open(1)["marks"] == marks
    corpus = Corpus.read(tmp_path / "mine")
    assert (corpus.articles[0].id, len(corpus)) == ("observer/ferry", 1)
    assert "".join("+" if label else "-" for label in corpus.labels[0].tolist()) == marks


@pytest.mark.parametrize("change", ["- Changed elsewhere\n", None])
def test_a_file_changed_underneath(client: PageClient, tmp_path: Path, change: str | None) -> None:
    """A file changed or deleted by another tool is not overwritten unless the client has been warned."""
    article = client.open(1)
    article |= client.put("", article, article["marks"]).json()
    file = tmp_path / "mine" / "observer" / "ferry.txt"
    file.write_text(change) if change else file.unlink()
    refused = client.put("", article, article["marks"])
    assert refused.status_code == 409
    assert "observer/ferry.txt was" in refused.json()["error"]
    assert (file.read_text() if file.exists() else None) == change
    article["digest"] = refused.json()["digest"]
    assert client.put("", article, article["marks"]).status_code == 200
    assert file.read_text().startswith("- Skip to content")


def test_a_file_made_meanwhile(client: PageClient, tmp_path: Path) -> None:
    """A file created since the article was opened is noticed too."""
    article = client.open(1)
    (tmp_path / "mine" / "observer").mkdir(parents=True)
    (tmp_path / "mine" / "observer" / "ferry.txt").write_text("+ Mine\n")
    assert client.put("", article, article["marks"]).status_code == 409


def test_labels_of_another_text(client: PageClient, tmp_path: Path) -> None:
    """Labels of a text that has changed in number of lines are not saved, and cannot be forced."""
    old = client.open(1)
    client.put("", old, old["marks"])
    (tmp_path / "mine" / "observer" / "ferry.txt").write_text("+ Another text\n")
    new = client.open(1)
    refused = client.put("", old | {"digest": new["digest"]}, old["marks"])
    assert (refused.status_code, refused.json()["can_overwrite"]) == (409, False)


def test_drafts_survive_and_go(client: PageClient, tmp_path: Path, model: LineModel) -> None:
    """A draft survives into a new session, is not read as a corpus, and is removed by saving or discarding."""
    article = client.open(1)
    marks = article["marks"].translate(FLIP)
    client.put("/draft", article, marks)
    assert not Corpus.read(tmp_path / "mine")
    assert check_paths([tmp_path / "mine"]) == []
    again = start_again(tmp_path, model)
    restored = again.open(1)
    assert (restored["origin"], restored["marks"], states(again)[1]) == ("draft", marks, ("ferry", "draft"))
    again.put("", restored, marks)
    assert states(again)[1] == ("ferry", "saved")
    again.put("/draft", again.open(1), article["marks"])
    again.ask("DELETE", "api/articles/1/draft")
    assert again.open(1)["marks"] == marks
    assert not list((tmp_path / "mine" / ".drafts").rglob("*.json"))


def test_a_draft_knows_the_file_it_replaces(client: PageClient, tmp_path: Path, model: LineModel) -> None:
    """A file that changes between a crash and the next session is noticed when the draft is saved."""
    article = client.open(1)
    article |= client.put("", article, article["marks"]).json()
    client.put("/draft", article, article["marks"].translate(FLIP))
    (tmp_path / "mine" / "observer" / "ferry.txt").write_text("+ Changed elsewhere\n")
    again = start_again(tmp_path, model)
    assert again.put("", again.open(1), article["marks"]).status_code == 409


@pytest.mark.parametrize("damage", ["{", "{}", "[]", '{"text": "a", "marks": "++", "kinds": [""], "digest": null}'])
def test_damaged_drafts(client: PageClient, tmp_path: Path, damage: str) -> None:
    """A damaged draft is reported with a remedy."""
    draft = tmp_path / "mine" / ".drafts" / "observer" / "ferry.json"
    draft.parent.mkdir(parents=True)
    draft.write_text(damage)
    answer = client.ask("GET", "api/articles/1")
    assert (answer.status_code, answer.json()["error"]) == (
        422,
        f"{draft.resolve()}: damaged draft: delete the file",
    )


def test_pasted_texts(client: PageClient, tmp_path: Path, model: LineModel) -> None:
    """A pasted text becomes an article, is kept as a draft, and gets a unique name."""
    record = {"text": FERRY.read_text(), "site": "observer", "title": "ferry", "is_html": False}
    assert client.ask("POST", "api/articles", json=record).json() == {"index": 2}
    article = client.open(2)
    assert (article["slug"], article["origin"], len(article["marks"])) == ("ferry-2", "draft", 43)
    again = start_again(tmp_path, model)
    assert states(again) == [("weir", "new"), ("ferry", "new"), ("ferry-2", "draft")]
    assert again.put("", again.open(2), article["marks"]).status_code == 200


@pytest.mark.parametrize("text", ["", " \n\u200b\n"])
def test_pasted_nothing(client: PageClient, text: str) -> None:
    """A text without lines is refused."""
    record = {"text": text, "site": "", "title": "", "is_html": False}
    assert client.ask("POST", "api/articles", json=record).json()["error"] == "the pasted article contains no text"


def test_pages(client: PageClient, tmp_path: Path, model: LineModel) -> None:
    """HTML is converted to text, from a file or pasted."""
    pytest.importorskip("resiliparse", reason="needs the extra [html]")
    html = "<html><body><h1>The weir</h1><p>It is open &amp; safe.</p></body></html>"
    (tmp_path / "page.html").write_text(html)
    record = {"text": html, "site": "", "title": "", "is_html": True}
    index = client.ask("POST", "api/articles", json=record).json()["index"]
    of_file = PageClient(Session([tmp_path / "page.html"], tmp_path / "theirs", model)).open(0)
    for article in (client.open(index), of_file):
        assert [line["text"] for line in article["lines"]] == ["The weir", "It is open & safe."]


def test_pages_without_the_extra(client: PageClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extractor's package, HTML is refused with the command that installs it."""
    for name in ("resiliparse", "resiliparse.extract", "resiliparse.extract.html2text", "lxml", "lxml.etree"):
        monkeypatch.setitem(sys.modules, name, None)
    record = {"text": "<p>The weir</p>", "site": "", "title": "", "is_html": True}
    answer = client.ask("POST", "api/articles", json=record)
    assert (answer.status_code, "pip install 'dechaff[html]'" in answer.json()["error"]) == (422, True)


def test_reasons(client: PageClient) -> None:
    """Each line has its three strongest reasons; lines of another text have none."""
    article = client.open(1)
    for line in (0, 5, 42):
        found = client.ask("GET", f"api/articles/1/lines/{line}?key={article['key']}").json()
        assert len(found) == 3
        assert all(reason["text"] and abs(reason["contribution"]) > 0 for reason in found)
    assert client.ask("GET", f"api/articles/1/lines/43?key={article['key']}").status_code == 422
    assert client.ask("GET", "api/articles/1/lines/0?key=other").status_code == 409


@pytest.mark.parametrize(
    "damage", [["", ""], ["", "", "", ""], ["", "advert", ""], ["", 1, ""], ["", ["offer"], ""], "abc"]
)
def test_kinds_that_do_not_fit(client: PageClient, damage: Any, tmp_path: Path) -> None:
    """Kinds of a wrong number, name or type are neither drafted nor saved."""
    article = client.open(0) | {"kinds": damage}
    for path in ("", "/draft"):
        assert client.put(path, article, article["marks"]).status_code in (400, 422)
    assert not (tmp_path / "mine").exists()


def test_kinds_are_saved(client: PageClient, tmp_path: Path, model: LineModel) -> None:
    """A kind survives as a draft and in the file, there only on lines of boilerplate."""
    article = client.open(0) | {"kinds": ["credit", "offer", ""]}
    client.put("/draft", article, "+-?")
    again = start_again(tmp_path, model)
    assert again.open(0)["kinds"] == ["credit", "offer", ""]
    path = Path(again.put("", again.open(0), "+-?").json()["path"])
    assert path.read_text() == "+ The weir is open again.\n\n-offer Tweet\n? Perhaps\n"
    assert again.open(0)["kinds"] == ["", "offer", ""]


def test_keys_of_kinds() -> None:
    """The page's keys 1 to 8 are the kinds, in order."""
    keys = (STATIC / "keys.js").read_text("utf-8")
    assert f"KINDS = {['', *KINDS]};" in keys


@pytest.mark.parametrize("marks", ["", "+", "+-x", "+-?+", "+-\n"])
def test_marks_that_do_not_fit(client: PageClient, marks: str, tmp_path: Path) -> None:
    """Marks of a wrong number or alphabet are neither drafted nor saved."""
    article = client.open(0)
    for path in ("", "/draft"):
        assert client.put(path, article, marks).status_code == 422
    assert not (tmp_path / "mine").exists()


def test_what_to_label_next(client: PageClient, tmp_path: Path) -> None:
    """New articles are ordered by active learning, with a reason; saved and missing ones are left out."""
    article = client.open(0)
    suggested = client.ask("GET", "api/suggestions").json()
    assert [found["index"] for found in suggested] == [1, 0]
    assert "first of its site" in suggested[0]["reason"]
    client.put("", article, article["marks"])
    assert [found["index"] for found in client.ask("GET", "api/suggestions").json()] == [1]
    (tmp_path / "texts" / "observer" / "ferry.txt").unlink()
    assert client.ask("GET", "api/suggestions").json() == []


def test_malformed_labels_in_the_store(client: PageClient, tmp_path: Path) -> None:
    """A malformed saved file is reported with its line, and not replaced."""
    (tmp_path / "mine" / "observer").mkdir(parents=True)
    (tmp_path / "mine" / "observer" / "ferry.txt").write_text("+ Right\nwrong\n")
    answer = client.ask("GET", "api/articles/1")
    assert (answer.status_code, "ferry.txt:2: no mark before" in answer.json()["error"]) == (422, True)


def test_a_folder_that_cannot_be_written(client: PageClient, tmp_path: Path) -> None:
    """A system error is reported with the name of the file."""
    article = client.open(1)
    (tmp_path / "mine").write_text("a file where the folder should be")
    answer = client.put("", article, article["marks"])
    assert answer.status_code == 500
    assert "mine" in answer.json()["error"]


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (["nowhere"], "no such file or folder"),
        (["a/x.pdf"], "neither text, Markdown nor HTML"),
        (["a", "b/a"], "would both be saved as a/x.txt"),
    ],
)
def test_sources_that_do_not_go(tmp_path: Path, model: LineModel, names: list[str], problem: str) -> None:
    """A missing file, one of another kind, and two of one name are refused before anything is served."""
    for path in ("a/x.txt", "b/a/x.txt", "a/x.pdf"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("The vote was held.")
    with pytest.raises(InputError, match=problem):
        Session([tmp_path / name for name in names], tmp_path / "mine", model)


def test_the_store_itself_can_be_labelled(client: PageClient, tmp_path: Path, model: LineModel) -> None:
    """Without sources, the files in the folder of labels are opened and saved in place."""
    article = client.open(0)
    client.put("", article, article["marks"])
    again = PageClient(Session([], tmp_path / "mine", model))
    assert states(again) == [("weir", "saved")]
    assert again.put("", again.open(0), "--?").status_code == 200
    assert Corpus.read(tmp_path / "mine").labels[0].tolist() == [0, 0, -1]


@given(text=ANY_TEXT)
def test_any_text_goes_there_and_back(
    text: str, tmp_path_factory: pytest.TempPathFactory, model: LineModel
) -> None:
    """Any pasted text, with lone surrogates and unusual line breaks, survives a round trip line by line."""
    session = Session([], tmp_path_factory.mktemp("any"), model)
    try:
        index = session.add(text, "site", "text", is_html=False)
    except InputError:
        return
    article: dict[str, Any] = json.loads(json.dumps(session.open(index)))
    marks = ("+-?" * len(article["marks"]))[: len(article["marks"])]
    session.save(index, article["key"], marks, article["kinds"], article["digest"])
    again = session.open(index)
    assert again["marks"] == marks
    assert [line["text"] for line in again["lines"]] == [line["text"] for line in article["lines"]]
