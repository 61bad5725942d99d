"""What the tests of the labelling page share: articles, a client that asks as the page does, a server, a browser."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cli_process import DECHAFF, environment

PORT, TOKEN = 8123, "a-token_of-the-tests"
HOME = f"http://127.0.0.1:{PORT}"
FERRY = Path(__file__).parents[1] / "data" / "example.txt"
CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM_OPTIONS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-quic")


def write_texts(folder: Path) -> Path:
    """Write a plain article of one site and a labelled one of another."""
    (folder / "observer").mkdir(parents=True)
    (folder / "observer" / "ferry.txt").write_text(FERRY.read_text())
    (folder / "bote").mkdir()
    (folder / "bote" / "weir.txt").write_text("+ The weir is open again.\n\n-share Tweet\n? Perhaps\n")
    return folder


class PageClient:
    """Asks an application as the page does: its own address, its origin and the token."""

    def __init__(self, session: Any) -> None:
        from starlette.testclient import TestClient

        from dechaff_training.page.app import make_app

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
        """Send marks for an article."""
        record = {"key": article["key"], "digest": article["digest"], "marks": marks}
        return self.ask("PUT", f"api/articles/{article['index']}{path}", json=record)


@contextmanager
def running(*arguments: object) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Run `dechaff label`, and give its address and the process."""
    command = [*DECHAFF, "label", *map(str, arguments), "--no-open"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, env=environment(), **pipes) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip(), process
        finally:
            process.kill()


def serious(results: Any) -> list[str]:
    """Name the findings that are serious or critical."""
    return [
        f"{finding['id']}: {node['target']} {node.get('failureSummary')}"
        for finding in results.response["violations"]
        if finding["impact"] in {"serious", "critical"}
        for node in finding["nodes"]
    ]
