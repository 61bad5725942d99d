"""Site profiles: what they count, how far off they can be, how they merge, and their files."""

import pickle
from pathlib import Path

import joblib
import numpy as np
import pytest
from helpers import ANY_TEXTS
from hypothesis import given
from hypothesis import strategies as st

from dechaff import ArtifactError, InputError, LineBatch, SiteProfile
from dechaff.sites import profile as profiles
from dechaff.sites import site_of
from dechaff.sites.distinct import document_bits, estimate_documents

SITES = st.sampled_from(["post.example", "bote.example", None])


def count(texts: list[str], sites: list[str | None]) -> SiteProfile:
    """Return the profile of some documents."""
    profile = SiteProfile()
    profile.count(texts, sites)
    return profile


def content(profile: SiteProfile, path: Path) -> bytes:
    """Return the bytes of the file of a profile."""
    profile.save(path)
    return path.read_bytes()


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://www.post.example/2024/mill.html", "post.example"),
        ("HTTP://News.BBC.co.uk:8080?x#y", "bbc.co.uk"),
        ("//abc.net.au/", "abc.net.au"),
        ("https://a.b.kyoto.or.jp/", "kyoto.or.jp"),
        ("https://user:word@post.example", "post.example"),
        ("https://valley.blogspot.com/x", "valley.blogspot.com"),
        ("https://valley.blogspot.co.uk/x", "valley.blogspot.co.uk"),
        ("https://blogspot.com/", "blogspot.com"),
        ("http://192.168.0.1/x", "192.168.0.1"),
        ("http://[::1]:80/x", "[::1]"),
        ("post.example/mill", "post.example"),
        ("localhost", None),
        ("https:///path", None),
        ("mailto:mill@post.example", None),
        ("https://" + "a." * 500 + "b", None),
        ("", None),
        (None, None),
    ],
)
def test_the_site_of_an_address(url: str | None, site: str | None) -> None:
    """A site is the registered domain, also under suffixes of two labels and on hosts of many sites."""
    assert site_of(url) == site


@given(st.text())
def test_any_address(url: str) -> None:
    """No address makes the rule fail, and a site is the site of itself."""
    site = site_of(url)
    assert site is None or site_of(f"//{site}") == site


@pytest.mark.parametrize(("n", "error"), [(1, 0.0), (2, 0.15), (5, 0.2), (20, 0.25), (100, 0.4), (10_000, 0.6)])
def test_numbers_of_documents(n: int, error: float) -> None:
    """The stated errors hold: one is always one, two are one in 4 to 6 %, all others within their standard error."""
    rng = np.random.default_rng(n)
    digests = (rng.integers(0, 2**64, n, np.uint64) for _ in range(400))
    found = estimate_documents(np.array([np.bitwise_or.reduce(document_bits(each)) for each in digests]))
    assert abs(found.mean() / n - 1) < 0.2
    assert np.sqrt(((found / n - 1) ** 2).mean()) <= error
    assert (found < 1.5).mean() <= {1: 1.0, 2: 0.08}.get(n, 0.0)


@given(ANY_TEXTS, st.data())
def test_documents_are_counted_once(texts: list[str], data: st.DataObject) -> None:
    """A document counts once however often it was read, in whichever order of its lines."""
    sites = data.draw(st.lists(SITES, min_size=len(texts), max_size=len(texts)))
    once = count(texts, sites)
    turned = ["\n".join(reversed(text.splitlines())) for text in texts]
    batch = LineBatch.from_texts(texts)
    for part, other in zip(
        once.look_up(batch, sites), count(texts * 2 + turned, sites * 3).look_up(batch, sites), strict=True
    ):
        assert np.array_equal(part, other)


@given(st.lists(st.tuples(ANY_TEXTS, SITES), min_size=3, max_size=3), st.permutations(range(3)))
def test_merging_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, parts: list[tuple[list[str], str | None]], order: list[int]
) -> None:
    """Profiles of parts merge, in any order and grouping, to the bytes of the profile of the whole."""
    path = tmp_path_factory.getbasetemp() / "sites.dechaff"
    every = [count(texts, [site] * len(texts)) for texts, site in parts]
    whole = SiteProfile()
    for texts, site in parts:
        whole.count(texts, [site] * len(texts))
    a, b, c = (every[place] for place in order)
    expected = content(whole, path)
    for merged in ([a, b, c], [SiteProfile.merge([a, b]), c], [a, SiteProfile.merge([c, b, b])]):
        assert content(SiteProfile.merge(merged), path) == expected


def test_lines_on_a_site() -> None:
    """Lines are counted by site and over all sites; lines without words and documents without a site are not."""
    profile = count(
        ["Share\n12 comments\n---", "SHARE!\n35 comments\n---", "Share\nRain", "Share\nSnow"],
        ["a.example", "a.example", "b.example", None],
    )
    table = {
        (line, site): profile.n_documents(line, site)
        for line in ("Share", "12 comments", "---", "Rain")
        for site in ("a.example", "b.example", None)
    }
    assert table == {
        ("Share", "a.example"): 1, ("Share", "b.example"): 1, ("Share", None): 3,
        ("12 comments", "a.example"): 1, ("12 comments", "b.example"): 0, ("12 comments", None): 1,
        ("---", "a.example"): 0, ("---", "b.example"): 0, ("---", None): 0,
        ("Rain", "a.example"): 0, ("Rain", "b.example"): 1, ("Rain", None): 1,
    }  # fmt: skip


def test_numbers_of_texts_and_sites() -> None:
    """Texts without a site, sites without a text and texts that are no strings are errors."""
    for texts, sites, message in ((["a"], [], "more texts"), ([], ["a"], "more sites"), ([b"a"], ["a"], "not str")):
        with pytest.raises(InputError, match=message):
            count(texts, sites)  # type: ignore[arg-type]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make tables of at most 2,000 lines."""
    monkeypatch.setattr(profiles, "MOST_LINES", 2000)
    monkeypatch.setattr(profiles, "_MOST_WAITING", 500)


def documents(rng: np.random.Generator, n: int, own: int = 40) -> list[str]:
    """Return documents of three lines that all have, and some that none other has."""
    words = rng.integers(0, 26, (n, own, 9)) + 97
    return [
        "Share\nSubscribe\nAbout us\n" + "\n".join(bytes(line).decode() for line in page.astype(np.uint8))
        for page in words
    ]


@pytest.mark.usefixtures("small")
def test_a_full_table_keeps_what_repeats(tmp_path: Path) -> None:
    """Beyond the most lines, those on one document go, those on all stay, within the stated error of `n_lost`."""
    profile = count(documents(np.random.default_rng(0), 500), [f"site{n % 5}.example" for n in range(500)])
    assert profile.n_lost > 0
    for site in range(5):
        for line in ("Share", "Subscribe", "About us"):
            assert 60 <= profile.n_documents(line, f"site{site}.example") <= 160
    assert profile.n_lines <= 2000
    parts = [count(documents(np.random.default_rng(seed), 60), ["a.example"] * 60) for seed in range(3)]
    found = {content(SiteProfile.merge(parts[turn:] + parts[:turn]), tmp_path / "p") for turn in range(3)}
    assert len(found) == 1


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("sites", [["flood.example"], [f"flood{n}.example" for n in range(50)], [None]])
def test_a_flood_of_lines_is_bounded(sites: list[str | None]) -> None:
    """A thousand documents of distinct lines fill neither the table nor other sites' places in it."""
    profile = count(documents(np.random.default_rng(1), 30, 5), ["a.example"] * 30)
    flood = documents(np.random.default_rng(2), 1000, 60)
    profile.count(flood, [sites[n % len(sites)] for n in range(1000)])
    assert profile.n_lines <= 2000
    assert profile.n_documents("Share", "a.example") > 15


@pytest.mark.parametrize(
    "text", ["", "\n" * 1000, "x" * 10_000_000, "a b\n" * 500_000, "\n".join(map(str, range(100)))], ids=range(5)
)
def test_hostile_documents(text: str) -> None:
    """Empty documents, a line of 10 MB, half a million equal lines and lines of digits count at most once each."""
    profile = count([text, text], ["a.example", ""])
    for line in text[:20_000_000].splitlines()[:1]:
        assert profile.n_documents(line, "a.example") <= 1
    assert profile.n_lines <= 3


def test_very_long_documents_count_the_same_lines() -> None:
    """Of a document of many thousand lines 4,096 are counted, and of another one the same lines."""
    words = np.random.default_rng(3).integers(0, 26, (20_000, 12)) + 97
    lines = [bytes(word.astype(np.uint8)).decode() for word in words]
    profile = count(["\n".join(lines), "\n".join([*lines, "Another line"])], ["a.example"] * 2)
    assert profile.n_lines in (4097, 4098)


def test_the_sketch_over_all_sites() -> None:
    """The number over all sites is never too small, and too large by e · N / N_CELLS for less than 14 % of lines."""
    texts = documents(np.random.default_rng(4), 4000, 100)
    profile = count(texts, [None] * len(texts))
    found = np.array([profile.n_documents(text.splitlines()[5]) for text in texts[:500]])
    assert found.min() >= 1
    assert (found > 1.5 + np.e * 103 * 4000 / profiles.N_CELLS).mean() < 0.14


def test_a_file_is_read_as_written(tmp_path: Path) -> None:
    """A profile that was written and read gives the same counts and the same bytes."""
    texts = documents(np.random.default_rng(5), 50)
    profile = count(texts, ["a.example"] * 50)
    before = content(profile, tmp_path / "a.dechaff")
    again = SiteProfile.load(tmp_path / "a.dechaff")
    assert content(again, tmp_path / "b.dechaff") == before
    assert again.n_documents("Share", "a.example") == profile.n_documents("Share", "a.example") > 25


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "dechaff-model"}, "not a site profile"),
        ({"version": 2}, "another version"),
        ({"n_lost": -1}, "damaged"),
        ({"n_lost": True}, "damaged"),
        ({"keys": b"1234567"}, "damaged"),
        ({"keys": bytes(16)}, "damaged"),
        ({"documents": bytes(8)}, "damaged"),
        ({"cells": b""}, "damaged"),
        ({"cells": 5}, "damaged"),
        ({"keys": None}, "damaged"),
    ],
)
def test_damaged_files(tmp_path: Path, change: dict[str, object], message: str) -> None:
    """A file of other values is refused in one line that says what to do."""
    path = tmp_path / "sites.dechaff"
    count(["Share\nRain"], ["a.example"]).save(path)
    joblib.dump(joblib.load(path) | change, path, compress=("zlib", 1))
    with pytest.raises(ArtifactError, match=message):
        SiteProfile.load(path)


def test_files_execute_nothing(tmp_path: Path) -> None:
    """A file that refers to a class, a truncated one and a missing one are refused."""
    path = tmp_path / "sites.dechaff"
    joblib.dump(Path("x"), path, compress=("zlib", 1))
    with pytest.raises(ArtifactError, match="refused"):
        SiteProfile.load(path)
    count(["Share"], ["a.example"]).save(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ArtifactError, match="not a site profile file, or a damaged one"):
        SiteProfile.load(path)
    with pytest.raises(ArtifactError, match="cannot read the site profile"):
        SiteProfile.load(tmp_path / "none")


def test_a_profile_can_be_pickled() -> None:
    """A profile goes to other processes whole."""
    profile = count(["Share\nRain", "Share\nSnow"], ["a.example"] * 2)
    again = pickle.loads(pickle.dumps(profile))  # noqa: S301
    assert again.n_documents("Share", "a.example") == profile.n_documents("Share", "a.example") == 2
