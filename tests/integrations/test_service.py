"""The service of docs/deploy.md, and what the image is built from."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dechaff import keep_content

ROOT = Path(__file__).parents[2]
TEXT = "The mill shuts in March, its owner said.\nShare this"
REFUSED = rb"""
{ [] 3 null "texts" {} {"texts":3} {"texts":"a"} {"texts":[1]} {"texts":["a"],"titles":[]} {"texts":["a"],"titles":3}
{"texts":["The\ud800mill\tshuts\tin\tMarch,\tits\towner\tsaid."]}
"""


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Serve the example of the page."""
    testclient = pytest.importorskip("starlette.testclient", reason="needs the extras page and dev")
    code = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "deploy.md").read_text("utf-8"), re.DOTALL)
    assert code
    names: dict[str, Any] = {}
    exec(code[1], names)  # noqa: S102
    with testclient.TestClient(names["app"]) as client:
        yield client


def test_service_cleans(client: Any) -> None:
    """The service returns what `keep_content` does, with titles if they are sent; null stays null."""
    assert client.post("/clean", json={"texts": [TEXT, None, ""]}).json() == {
        "texts": [keep_content(TEXT), None, ""]
    }
    title = "Mill to shut"
    sent = {"texts": [f"{title}\n{TEXT}"], "titles": [title]}
    assert client.post("/clean", json=sent).json() == {"texts": [keep_content(f"{title}\n{TEXT}", title=title)]}


@pytest.mark.parametrize("body", REFUSED.split())
def test_service_refuses(client: Any, body: bytes) -> None:
    """A body that is no JSON, or not of this form, is answered with 400 and the reason."""
    answer = client.post("/clean", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"texts":' * 100_000, b"[" * 100_000 + b"]" * 100_000])
def test_service_refuses_deep_json(client: Any, body: bytes) -> None:
    """JSON that is nested more deeply than Python reads is answered with 400 and the reason."""
    answer = client.post("/clean", content=body)
    assert answer.status_code == 400
    assert answer.json() == {"error": "the JSON is nested too deeply"}


def test_image_has_its_files() -> None:
    """What the Dockerfile copies exists and is not ignored; the last stage does not run as root."""
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    copied = {
        name for line in re.findall(r"^COPY (?!--)(.+) \S+$", dockerfile, re.MULTILINE) for name in line.split()
    }
    allowed = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text("utf-8"), re.MULTILINE)
    assert copied == set(allowed)
    assert all((ROOT / name).exists() for name in copied)
    assert re.search(r"^USER [1-9]\d*$", dockerfile.rpartition("\nFROM ")[2], re.MULTILINE)
