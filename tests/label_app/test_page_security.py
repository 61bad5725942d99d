"""The label page's server refuses all other clients: one attack after the other."""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="needs the extra [page]")

from page_sessions import HOME, PORT, TOKEN, PageClient, write_texts

from dechaff import LineModel
from dechaff.errors import InputError
from dechaff_training.files.paths import Name, safe_name
from dechaff_training.label_app.session import Session
from dechaff_training.label_app.store import Store

MEGABYTE = 1_000_000


@pytest.fixture
def client(tmp_path: Path, model: LineModel) -> PageClient:
    """Serve two articles, with a secret file beside their folder."""
    (tmp_path / "secret.txt").write_text("a secret")
    return PageClient(Session([write_texts(tmp_path / "texts")], tmp_path / "mine", model))


@pytest.mark.parametrize("path", ["", "static/main.js", "api/articles", "api/articles/0"])
def test_the_page_itself_is_answered(client: PageClient, path: str) -> None:
    """The page, its files and its articles are served to a client with the token, and no cookie is set."""
    for headers in ({}, {"Origin": None}, {"Host": f"localhost:{PORT}", "Origin": f"http://localhost:{PORT}"}):
        answer = client.ask("GET", path, headers=headers)
        assert answer.status_code == 200, answer.text
        assert not {"set-cookie", "access-control-allow-origin"} & set(answer.headers)


@pytest.mark.parametrize("path", ["", "static/main.js", "api/articles", "api/articles/99", "nowhere"])
@pytest.mark.parametrize("host", [f"127.0.0.1:{PORT}", "evil.com"])
def test_headers_of_every_answer(client: PageClient, path: str, host: str) -> None:
    """Every response, also a refusal, forbids frames, foreign scripts, type sniffing, caching and referrers."""
    headers = client.ask("GET", path, headers={"Host": host}).headers
    policy = headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(policy)
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "host",
    [
        "evil.com",
        f"evil.com:{PORT}",
        "127.0.0.1",
        f"127.0.0.1:{PORT + 1}",
        f"127.0.0.1.evil.com:{PORT}",
        "",
        f"0.0.0.0:{PORT}",
    ],
)
def test_dns_rebinding(client: PageClient, host: str) -> None:
    """A foreign host name or port is refused even with the token."""
    for path in ("", "api/articles"):
        assert client.ask("GET", path, headers={"Host": host, "Origin": None}).status_code == 403


@pytest.mark.parametrize(
    "origin",
    ["https://evil", "null", f"https://127.0.0.1:{PORT}", f"http://127.0.0.1:{PORT + 1}", f"{HOME}.evil", None],
)
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "api/articles"), ("PUT", "api/articles/0"), ("DELETE", "api/articles/0/draft")]
)
def test_cross_site_requests(
    client: PageClient, tmp_path: Path, origin: str | None, method: str, path: str
) -> None:
    """Requests that change something are refused from another origin or without one, and nothing is written."""
    record = {"text": "The vote was held.", "site": "a", "title": "b", "is_html": False}
    answer = client.ask(method, path, headers={"Origin": origin}, json=record)
    assert answer.status_code == 403
    assert not (tmp_path / "mine").exists()


def test_reading_from_another_site(client: PageClient) -> None:
    """Another site cannot read, and its preflight request is refused."""
    assert client.ask("GET", "api/articles", headers={"Origin": "https://evil"}).status_code == 403
    asked = {"Origin": "https://evil", "Access-Control-Request-Headers": "x-dechaff-token"}
    answer = client.ask("OPTIONS", "api/articles", headers=asked)
    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "té"])
def test_wrong_token_in_the_path(client: PageClient, token: str) -> None:
    """Nothing is served below a path with another token."""
    for path in ("", "static/main.js", "api/articles"):
        answer = client.ask("GET", path, token=token, headers={"X-Dechaff-Token": TOKEN})
        assert answer.status_code == 403


@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN + "x"])
def test_wrong_token_in_the_header(client: PageClient, token: str | None) -> None:
    """Articles need the token as a header too, which forms and images of other sites cannot send."""
    assert client.ask("GET", "api/articles", headers={"X-Dechaff-Token": token}).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "static/../../../../secret.txt",
        "static/..%2f..%2f..%2f..%2fsecret.txt",
        "static/%2e%2e/%2e%2e/app.py",
        "static/%2e%2e%2fapp.py",
        "static/..%5capp.py",
        "static//etc/passwd",
        "static/%2fetc%2fpasswd",
        "static/%00",
        "../secret.txt",
        "api/articles/..%2f..%2fsecret.txt",
        "api/articles/0/../../secret.txt",
    ],
)
def test_path_traversal_by_address(client: PageClient, path: str) -> None:
    """No path leads out of the page's own files."""
    answer = client.ask("GET", path)
    assert answer.status_code in {400, 403, 404}
    assert not {"secret", "root:", "import"} & set(answer.text.split())


@pytest.mark.parametrize(
    "name", ["../../evil", "/etc/evil", "..", ".", ".drafts", "a/../../../evil", "\x00evil", "..\\evil", "evil\n"]
)
def test_path_traversal_by_name(client: PageClient, tmp_path: Path, name: str) -> None:
    """A pasted text with a name that leads elsewhere is saved in the folder of labels."""
    record = {"text": "The vote was held on Tuesday.", "site": name, "title": name, "is_html": False}
    index = client.ask("POST", "api/articles", json=record).json()["index"]
    article = client.open(index)
    path = Path(client.put("", article, article["marks"]).json()["path"])
    assert path.is_file()
    assert path.parent.parent == (tmp_path / "mine").resolve()
    assert not path.parent.name.startswith(".")
    assert safe_name(name, "x") not in {"", ".", ".."}


def test_links_out_of_the_folders(tmp_path: Path, model: LineModel) -> None:
    """A symbolic link out of the folder of texts is not listed, and one that replaces a file later is not read."""
    texts = write_texts(tmp_path / "texts")
    (tmp_path / "secret.txt").write_text("a secret")
    (texts / "bote" / "link.txt").symlink_to(tmp_path / "secret.txt")
    client = PageClient(Session([texts], tmp_path / "mine", model))
    assert [article["slug"] for article in client.ask("GET", "api/articles").json()["articles"]] == [
        "weir",
        "ferry",
    ]
    (texts / "bote" / "weir.txt").unlink()
    (texts / "bote" / "weir.txt").symlink_to(tmp_path / "secret.txt")
    answer = client.ask("GET", "api/articles/0")
    assert answer.status_code == 422
    assert ": outside " in answer.json()["error"]


def test_links_out_of_the_store(tmp_path: Path) -> None:
    """Nothing is written through a symbolic link that leads out of the folder of labels."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "bote").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match=": outside "):
        Store(tmp_path / "mine").write(Name("bote", "weir"), "+ The weir\n", None)
    assert not list((tmp_path / "elsewhere").iterdir())


def test_too_large_by_length(client: PageClient, tmp_path: Path) -> None:
    """A body that declares 50 MB is refused."""
    answer = client.ask("POST", "api/articles", content=b"x" * 50 * MEGABYTE)
    assert answer.status_code == 413
    assert not (tmp_path / "mine").exists()


def test_too_large_in_pieces(client: PageClient, tmp_path: Path) -> None:
    """A chunked body of 50 MB without a declared length is refused long before its end."""
    sent = []

    def pieces() -> Iterator[bytes]:
        for number in range(50):
            sent.append(number)
            yield b"x" * MEGABYTE

    assert client.ask("POST", "api/articles", content=pieces()).status_code == 413
    assert not (tmp_path / "mine").exists()


def test_large_files_are_not_opened(tmp_path: Path, model: LineModel) -> None:
    """A file too large for an article is refused by name."""
    (tmp_path / "huge.txt").write_text("The vote was held.\n" * 500_000)
    answer = PageClient(Session([tmp_path / "huge.txt"], tmp_path / "mine", model)).ask("GET", "api/articles/0")
    assert answer.status_code == 422
    assert "huge.txt: larger than" in answer.json()["error"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"\xff", b'{"marks": 1}', b"[" * 100_000, b'{"key": "a", "marks": "+", "digest": 3}']
)
def test_malformed_bodies(client: PageClient, body: bytes) -> None:
    """Malformed request bodies are refused and cause no server error."""
    for path in ("api/articles/0", "api/articles/0/draft"):
        assert client.ask("PUT", path, content=body).status_code == 400
