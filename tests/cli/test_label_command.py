"""The command `dechaff label`."""

import signal
import socket
import sys
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cli_process import dechaff
from page_sessions import running, write_texts

from dechaff_training.cli.label import label

pytest.importorskip("uvicorn", reason="needs the extra [page]")


@pytest.mark.slow
def test_it_serves_until_interrupted(tmp_path: Path) -> None:
    """The command prints a loopback address with a long token, serves it, and ends quietly on Ctrl-C with 130."""
    with running(write_texts(tmp_path / "texts"), "--to", tmp_path / "mine") as (url, process):
        parts = urlsplit(url)
        assert (parts.scheme, parts.hostname) == ("http", "127.0.0.1")
        assert len(parts.path.strip("/")) > 40
        assert b"<title>dechaff label</title>" in urllib.request.urlopen(url).read()  # noqa: S310
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (130, "")
    assert err == f"dechaff: labels are saved to {tmp_path / 'mine'}; stop with Ctrl-C\n"


@pytest.mark.slow
def test_it_listens_on_the_loopback_alone(tmp_path: Path) -> None:
    """The server listens on the loopback address alone, and refuses a foreign host name."""
    with running("--to", tmp_path / "mine") as (url, _):
        port = urlsplit(url).port
        assert port is not None
        for host in {address[4][0] for address in socket.getaddrinfo(socket.gethostname(), port, socket.AF_INET)}:
            if not str(host).startswith("127."):
                with pytest.raises(ConnectionRefusedError):
                    socket.create_connection((str(host), port), timeout=5)
        with socket.create_connection(("127.0.0.1", port)) as wire:
            wire.sendall(
                f"GET {urlsplit(url).path} HTTP/1.1\r\nHost: evil.com\r\nConnection: close\r\n\r\n".encode()
            )
            assert wire.recv(1000).startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (["nowhere.txt", "--to", "mine"], 1, "nowhere.txt: no such file or folder"),
        (["--to", "file.txt"], 1, "file.txt: not a folder"),
        (["--to", "mine", "-x", "nobody"], 1, "there is no extractor 'nobody'"),
        (["--to", "mine", "-m", "file.txt"], 1, "file.txt"),
        (["--to", "mine", "--port", "99999"], 2, "--port"),
        (["file.txt"], 2, "--to"),
        (["--to", "mine", "--host", "::1"], 2, "--host"),
    ],
)
def test_wrong_usage(tmp_path: Path, arguments: list[str], code: int, problem: str) -> None:
    """Wrong arguments are refused with a reason; there is no option for another address."""
    (tmp_path / "file.txt").write_text("The vote was held.")
    assert problem in dechaff("label", *arguments, "--no-open", cwd=tmp_path, code=code).stderr


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    """A port that is in use is named in the error."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = dechaff("label", "--to", tmp_path, "--port", port, "--no-open", code=1)
    assert f"port {port} is taken" in done.stderr


@pytest.mark.parametrize("package", ["starlette", "uvicorn"])
def test_without_the_extra(package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, the error names the command that installs it."""
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(Exception, match=rf"{package} is not installed; run: pip install 'dechaff\[page\]'"):
        label(tmp_path)
