"""Fine-tuning from the label page, by its HTTP requests."""

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
    """Serve two unlabelled articles beside labelled ones of several sites."""
    return PageClient(Session([write_texts(tmp_path / "texts")], write_labelled(tmp_path / "mine", n_sites), model))


def fine_tune(client: PageClient) -> dict[str, Any]:
    """Start fine-tuning and wait until it ends."""
    assert client.ask("POST", "api/fine-tuning").status_code == 200
    for _ in range(600):
        state: dict[str, Any] = client.ask("GET", "api/fine-tuning").json()
        if state["state"] != "working":
            return state
        time.sleep(0.1)
    raise AssertionError("fine-tuning does not end")


def test_the_old_model_stays_until_the_new_one_is_taken(tmp_path: Path, model: LineModel) -> None:
    """Fine-tuning reports figures before and after on held-out sites; once taken, the new model labels articles and is saved with the labels."""
    client = serve(tmp_path, model, SITES_TO_MEASURE)
    before = client.open(1)
    state = fine_tune(client)
    assert (state["state"], state["is_changed"]) == ("done", True)
    assert state["columns"] == ["figure", "before", "after", "difference"]
    assert "take the new model" in state["advice"]
    assert client.open(1)["lines"] == before["lines"]
    assert not list((tmp_path / "mine").glob("*.joblib"))
    path = Path(client.ask("PUT", "api/model").json()["path"])
    assert path == tmp_path / "mine" / "model.joblib"
    assert load_model(path).metadata["taught"]
    after = client.open(1)
    judged = [[(line["text"], line["probability"]) for line in article["lines"]] for article in (before, after)]
    assert [text for text, _ in judged[0]] == [text for text, _ in judged[1]]
    assert judged[0] != judged[1]
    assert fine_tune(client)["rows"] == state["rows"]  # again from the model that has not seen these sites


def test_too_few_sites(tmp_path: Path, model: LineModel) -> None:
    """With too few sites there are no figures, and the number of missing sites is reported."""
    state = fine_tune(serve(tmp_path, model, SITES_TO_MEASURE - 2))
    assert (state["state"], state["rows"]) == ("done", [])
    assert "2 more sites" in state["advice"]


def test_nothing_to_learn_from(tmp_path: Path, model: LineModel) -> None:
    """Without saved labels fine-tuning fails with a remedy, and there is no model to take."""
    client = serve(tmp_path, model, 0)
    assert client.ask("GET", "api/fine-tuning").json() == {"state": "none"}
    assert client.ask("PUT", "api/model").status_code == 422
    state = fine_tune(client)
    assert state["state"] == "failed"
    assert "save it first" in state["error"]
    assert client.ask("PUT", "api/model").json() == {"error": "no model has been fine-tuned"}


def test_a_broken_file_among_the_labels(tmp_path: Path, model: LineModel) -> None:
    """A malformed file is reported with name and line; once removed, fine-tuning succeeds."""
    client = serve(tmp_path, model, 1)
    broken = tmp_path / "mine" / "site-0" / "broken.txt"
    broken.write_text("+ The vote was held.\nno mark\n")
    state = fine_tune(client)
    assert state["state"] == "failed"
    assert "broken.txt" in state["error"]
    broken.unlink()
    assert fine_tune(client)["state"] == "done"


def test_one_run_at_a_time(tmp_path: Path, model: LineModel) -> None:
    """During fine-tuning a second request is refused, and articles can be opened."""
    client = serve(tmp_path, model, SITES_TO_MEASURE)
    assert client.ask("POST", "api/fine-tuning").status_code == 200
    second = client.ask("POST", "api/fine-tuning")
    assert (second.status_code, "already" in second.json()["error"]) == (422, True)
    assert client.open(1)["lines"]
    while client.ask("GET", "api/fine-tuning").json()["state"] == "working":
        time.sleep(0.1)


@pytest.mark.slow
def test_the_fine_tuned_model_is_used_the_next_time(tmp_path: Path, model: LineModel) -> None:
    """A new server uses the fine-tuned model and reports it; `--model` overrides it."""
    client = serve(tmp_path, model, SITES_TO_MEASURE)
    fine_tune(client)
    taught = client.ask("PUT", "api/model").json()["path"]
    for options, is_used in (((), True), (("--model", taught), False)):
        with running(tmp_path / "texts", "--to", tmp_path / "mine", *options) as (_, process):
            process.terminate()
            assert process.stderr is not None
            assert ("labels are proposed by" in process.stderr.read()) is is_used
    Path(taught).write_bytes(b"no model")
    message = dechaff("label", tmp_path / "texts", "--to", tmp_path / "mine", "--no-open", code=1).stderr
    assert "model.joblib" in message
