"""The journey of docs/tutorial.md: every command of it is run, in order, on its material."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
from cli_process import dechaff
from licences import ROOT
from page_sessions import ask_server, running

from dechaff_training.corpus import Corpus

pytest.importorskip("resiliparse", reason="needs the html extra: pip install 'dechaff[html]'")
pytest.importorskip("uvicorn", reason="needs the page extra: pip install 'dechaff[page]'")

TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
COMMANDS = [shlex.split(line)[1:] for line in re.findall(r"^\$ (dechaff .+)$", TUTORIAL, re.MULTILINE)]
JOURNEY = ["clean", "next", "label", "check", "train", "evaluate", "evaluate", "diff", "clean", "report"]
#: The first lines that the page shows of what a command prints, without figures.
SHOWN = re.findall(r"^\$ dechaff ((?:clean|next|check) .+)\n((?:(?!\$|…|```).*\n)+)", TUTORIAL, re.MULTILINE)
PYTHON = re.findall(r"```python\n(.*?)```", TUTORIAL, re.DOTALL)


def save_labels(*arguments: str) -> None:
    """Open each article on the label page, and save it with the labels of `labels/`."""
    corrected = {article.id: article for article in Corpus.read("labels")}
    with running(*arguments) as (url, _):
        for place, item in enumerate(ask_server(url, "GET", "articles")["articles"]):
            article = corrected[f"{item['site']}/{item['slug']}"]
            opened = ask_server(url, "GET", f"articles/{place}")
            record = {"key": opened["key"], "digest": None, "kinds": list(article.kinds or ())}
            record["marks"] = "".join("-+"[label] for label in article.labels.tolist())
            ask_server(url, "PUT", f"articles/{place}", record)


@pytest.mark.slow
def test_the_journey(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands run in order: labels are saved as they are in `labels/`, the model is better, the pages are clean."""
    shutil.copytree(ROOT / "data" / "tutorial", tmp_path / "my")
    monkeypatch.chdir(tmp_path / "my")
    printed = {}
    for command in COMMANDS:
        if command[0] == "label":
            save_labels(*command[1:])
        else:
            done = dechaff(*command)
            printed[" ".join(command)] = done.stdout.decode() + done.stderr
    assert [each[0] for each in COMMANDS] == JOURNEY
    for path in Path("labels").rglob("*.txt"):
        assert (Path("mine") / path.relative_to("labels")).read_text() == path.read_text()
    for command, shown in SHOWN:
        assert [line for line in shown.splitlines() if line.rstrip("…") not in printed[command]] == []
    trained = printed["train --start-from default mine -o mine.joblib"]
    assert trained.startswith("New articles of known sites: your 10 articles of 1 site")
    assert "take the new model for these sites" in trained
    assert "0 errors" in printed["check mine"]
    content = [line for line in Path("labels/hollin-gazette/chess.txt").read_text().splitlines() if line[:1] == "+"]
    kept = [line for line in Path("clean/hollin-gazette/chess.txt").read_text().splitlines() if line.strip()]
    wanted = [line.removeprefix("+").strip() for line in content]
    assert [line for line in wanted if line not in [each.strip() for each in kept]] == []
    assert len(kept) <= len(wanted) + 1
    assert len(list(Path("clean").rglob("*.txt"))) == 10
    assert Path("report.html").is_file()
    names: dict[str, str] = {}
    exec(PYTHON[0], names)  # noqa: S102
    assert names["text"] == Path("clean/hollin-gazette/chess.txt").read_text()
