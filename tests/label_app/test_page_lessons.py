"""Teaching from the labelling page, asked as the page asks it."""

import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="needs the extra [page]")

from cli_process import dechaff
from page_sessions import PageClient, running, write_labelled, write_texts

from dechaff import LineModel, load_model
from dechaff_training.fit.fine_tuning import SITES_TO_MEASURE
from dechaff_training.label_app.session import Session


def serve(tmp_path: Path, model: LineModel, n_sites: int) -> PageClient:
    """Serve two articles that are not labelled, beside those of some sites that are."""
    return PageClient(Session([write_texts(tmp_path / "texts")], write_labelled(tmp_path / "mine", n_sites), model))


def teach(client: PageClient) -> dict[str, Any]:
    """Begin a lesson, and wait until it is over."""
    assert client.ask("POST", "api/fine-tuning").status_code == 200
    for _ in range(600):
        state: dict[str, Any] = client.ask("GET", "api/fine-tuning").json()
        if state["state"] != "working":
            return state
        time.sleep(0.1)
    raise AssertionError("the lesson does not end")


def test_the_old_model_stays_until_the_new_one_is_taken(tmp_path: Path, model: LineModel) -> None:
    """A lesson shows before and after on sites held out; taken, the new model labels anew and lies with the labels."""
    client = serve(tmp_path, model, SITES_TO_MEASURE)
    before = client.open(1)
    lesson = teach(client)
    assert (lesson["state"], lesson["is_changed"]) == ("done", True)
    assert lesson["columns"] == ["figure", "before", "after", "difference"]
    assert "take the new model" in lesson["advice"]
    assert client.open(1)["lines"] == before["lines"]
    assert not list((tmp_path / "mine").glob("*.joblib"))
    path = Path(client.ask("PUT", "api/model").json()["path"])
    assert path == tmp_path / "mine" / "model.joblib"
    assert load_model(path).metadata["taught"]
    after = client.open(1)
    judged = [[(line["text"], line["probability"]) for line in article["lines"]] for article in (before, after)]
    assert [text for text, _ in judged[0]] == [text for text, _ in judged[1]]
    assert judged[0] != judged[1]
    assert teach(client)["rows"] == lesson["rows"]  # again from the model that has not seen these sites


def test_too_few_sites(tmp_path: Path, model: LineModel) -> None:
    """With too few sites the lesson has no figures, and says how many more it needs."""
    lesson = teach(serve(tmp_path, model, SITES_TO_MEASURE - 2))
    assert (lesson["state"], lesson["rows"]) == ("done", [])
    assert "2 more sites" in lesson["advice"]


def test_nothing_to_learn_from(tmp_path: Path, model: LineModel) -> None:
    """Without saved labels a lesson fails with what to do; there is no model to take, before it and after."""
    client = serve(tmp_path, model, 0)
    assert client.ask("GET", "api/fine-tuning").json() == {"state": "none"}
    assert client.ask("PUT", "api/model").status_code == 422
    lesson = teach(client)
    assert lesson["state"] == "failed"
    assert "save it first" in lesson["error"]
    assert client.ask("PUT", "api/model").json() == {"error": "no model has been fine-tuned"}


def test_a_broken_file_among_the_labels(tmp_path: Path, model: LineModel) -> None:
    """A malformed file ends the lesson with its name and line; mended, the next lesson goes through."""
    client = serve(tmp_path, model, 1)
    broken = tmp_path / "mine" / "site-0" / "broken.txt"
    broken.write_text("+ The vote was held.\nno mark\n")
    lesson = teach(client)
    assert lesson["state"] == "failed"
    assert "broken.txt" in lesson["error"]
    broken.unlink()
    assert teach(client)["state"] == "done"


def test_one_lesson_at_a_time(tmp_path: Path, model: LineModel) -> None:
    """While a lesson goes on, another is refused, and articles can be opened."""
    client = serve(tmp_path, model, SITES_TO_MEASURE)
    assert client.ask("POST", "api/fine-tuning").status_code == 200
    second = client.ask("POST", "api/fine-tuning")
    assert (second.status_code, "already" in second.json()["error"]) == (422, True)
    assert client.open(1)["lines"]
    while client.ask("GET", "api/fine-tuning").json()["state"] == "working":
        time.sleep(0.1)


def test_the_taught_model_is_there_the_next_time(tmp_path: Path, model: LineModel) -> None:
    """A new server lets the taught model propose labels, and says so; --model names another."""
    client = serve(tmp_path, model, SITES_TO_MEASURE)
    teach(client)
    taught = client.ask("PUT", "api/model").json()["path"]
    for options, said in (((), True), (("--model", taught), False)):
        with running(tmp_path / "texts", "--to", tmp_path / "mine", *options) as (_, process):
            process.terminate()
            assert process.stderr is not None
            assert ("taught with these labels" in process.stderr.read()) is said
    Path(taught).write_bytes(b"no model")
    message = dechaff("label", tmp_path / "texts", "--to", tmp_path / "mine", "--no-open", code=1).stderr
    assert "model.joblib" in message
