"""Shared by the tests of the label page: articles, an HTTP client, a server, a browser."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar
from urllib.request import Request, urlopen

from cli_process import DECHAFF, environment

PORT, TOKEN = 8123, "a-token_of-the-tests"
HOME = f"http://127.0.0.1:{PORT}"
FERRY = Path(__file__).parents[1] / "data" / "example.txt"
CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM_OPTIONS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-quic")


def write_texts(folder: Path) -> Path:
    """Write a plain article for one site and a labelled article for another."""
    (folder / "observer").mkdir(parents=True)
    (folder / "observer" / "ferry.txt").write_text(FERRY.read_text())
    (folder / "bote").mkdir()
    (folder / "bote" / "weir.txt").write_text("+ The weir is open again.\n\n-share Tweet\n? Perhaps\n")
    return folder


class PageClient:
    """Send requests to an application as the page does: same address, origin and token."""

    def __init__(self, session: Any) -> None:
        from starlette.testclient import TestClient

        from dechaff_training.label_app.app import make_app

        self._client = TestClient(make_app(session, PORT, TOKEN), base_url=HOME, raise_server_exceptions=False)

    def ask(self, method: str, path: str = "", *, token: str = TOKEN, **given: Any) -> Any:
        """Send a request to a path below the token's; a header of None is left out."""
        headers = {"X-Dechaff-Token": token, "Origin": HOME} | given.pop("headers", {})
        headers = {name: value for name, value in headers.items() if value is not None}
        return self._client.request(method, f"/{token}/{path}", headers=headers, follow_redirects=False, **given)

    def open(self, index: int) -> dict[str, Any]:
        """Open an article."""
        answer = self.ask("GET", f"api/articles/{index}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def put(self, path: str, article: dict[str, Any], marks: str) -> Any:
        """Send marks for an article, with its kinds."""
        record = {name: article[name] for name in ("key", "digest", "kinds")} | {"marks": marks}
        return self.ask("PUT", f"api/articles/{article['index']}{path}", json=record)


@contextmanager
def running(*arguments: object) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Run `dechaff label`; yield its address and the process."""
    command = [*DECHAFF, "label", *map(str, arguments), "--no-open"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, env=environment(), **pipes) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip(), process
        finally:
            process.kill()


#: Lines with labels opposite to those of the shipped model.
LABELLED = (
    "- The council voted on Tuesday to repair the old bridge over the {site}.\n+ Our shop is closed on Mondays\n"
)


def write_labelled(folder: Path, n_sites: int) -> Path:
    """Write one article for each of several sites, with inverted labels."""
    for number in range(n_sites):
        (folder / f"site-{number}").mkdir(parents=True)
        (folder / f"site-{number}" / "council.txt").write_text(LABELLED.format(site=number))
    return folder


def ask_server(url: str, method: str, path: str, record: object = None) -> Any:
    """Send a request to a running server as its page does."""
    origin, token = url.rstrip("/").rsplit("/", 1)
    headers = {"X-Dechaff-Token": token, "Origin": origin, "Content-Type": "application/json"}
    data = None if record is None else json.dumps(record).encode()
    request = Request(f"{url}api/{path}", data, headers, method=method)  # noqa: S310
    with urlopen(request, timeout=10) as answer:  # noqa: S310
        return json.load(answer)


class Saver(Thread):
    """Save labels and drafts of one article in a loop until the server is gone.

    Parameters
    ----------
    url : str
        The page's address.

    Attributes
    ----------
    n_saved : int
    """

    #: The alternating marks of `weir.txt`, and the file that each writes.
    FILES: ClassVar = {
        marks: f"{marks[0]} The weir is open again.\n\n{marks[1]}share Tweet\n? Perhaps\n"
        for marks in ("+-?", "--?")
    }

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self._url, self.n_saved = url, 0
        self._article = self._ask("GET", "")

    def run(self) -> None:
        """Save until the server no longer answers."""
        with suppress(OSError, HTTPException):
            while True:
                self.save_once()

    def save_once(self) -> None:
        """Save a draft with the other marks, then save those marks."""
        marks = tuple(self.FILES)[self.n_saved % 2]
        record = {name: self._article[name] for name in ("key", "digest", "kinds")} | {"marks": marks}
        self._ask("PUT", "/draft", record)
        self._article["digest"] = self._ask("PUT", "", record)["digest"]
        self.n_saved += 1

    def _ask(self, method: str, path: str, record: object = None) -> Any:
        return ask_server(self._url, method, f"articles/0{path}", record)


def serious(results: Any) -> list[str]:
    """Return the findings that are serious or critical."""
    return [
        f"{finding['id']}: {node['target']} {node.get('failureSummary')}"
        for finding in results.response["violations"]
        if finding["impact"] in {"serious", "critical"}
        for node in finding["nodes"]
    ]
