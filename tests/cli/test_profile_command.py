"""The command `dechaff profile`, and `--sites` of the others."""

import json
from pathlib import Path

import pytest
from bulk_corpora import write_jsonl
from cli_process import dechaff

pytest.importorskip("orjson", reason="needs the bulk extra: pip install 'dechaff[bulk]'")
TEASER = "Why the harbour is full of empty boats again, and who will have to pay for it"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write documents of one site in two files."""
    rows = [
        {"text": f"The council voted to repair bridge {name * 5}.\n{TEASER}", "url": "https://www.post.example/"}
        for name in "abcdef"
    ]
    write_jsonl(tmp_path / "a.jsonl", rows[:3])
    write_jsonl(tmp_path / "b.jsonl", [*rows[3:], {"text": 5}])
    return tmp_path


def test_profile_merge_and_clean(folder: Path) -> None:
    """Profiles of files merge to that of all, and clean and bulk use it."""
    done = dechaff("profile", "a.jsonl", "b.jsonl", "-o", "all.dechaff", cwd=folder)
    assert done.stdout.decode().splitlines() == [
        "6 documents of 2 files: 8 lines of sites", "1 record that cannot be read left out"
    ]  # fmt: skip
    for name in "ab":
        done = dechaff("profile", f"{name}.jsonl", "-o", f"{name}.dechaff", "--json", "--quiet", cwd=folder)
        assert json.loads(done.stdout)["n_documents"] == 3
    dechaff("profile", "b.dechaff", "a.dechaff", "-o", "merged.dechaff", cwd=folder)
    assert (folder / "merged.dechaff").read_bytes() == (folder / "all.dechaff").read_bytes()
    (folder / "c.txt").write_text(f"The council voted to repair bridge ggggg.\n{TEASER}\n")
    sites = ("--url", "https://post.example/c", "--sites", "all.dechaff")
    shown = [
        json.loads(line)
        for line in dechaff("show", "c.txt", *sites, "--json", "--reasons", "50", cwd=folder).stdout.splitlines()
    ]
    assert "several pages of its site" in json.dumps(shown[1])
    assert "several pages of its site" not in json.dumps(shown[0])
    dechaff("clean", "c.txt", *sites, cwd=folder)
    dechaff("bulk", "a.jsonl", "-o", "out", "--sites", "all.dechaff", cwd=folder)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("profile a.jsonl a.dechaff -o x.dechaff", "a.jsonl: not a site profile"),
        ("profile none.dechaff -o x.dechaff", "none.dechaff: cannot read the site profile file"),
        ("profile a.jsonl -o a.jsonl", "a.jsonl: an input, which would be overwritten"),
        ("profile a.jsonl -o x.dechaff --url-column=", "no file has addresses"),
        ("profile a.jsonl -o x.dechaff --site-column paper", "--site-column: no field 'paper'"),
        ("profile b.jsonl -o x.dechaff --strict", "b.jsonl: record 4: field 'text' is a number"),
        ("clean a.jsonl --sites a.jsonl", "not a site profile file"),
        ("bulk a.jsonl -o out --sites a.jsonl", "not a site profile file"),
    ],
)
def test_errors(folder: Path, arguments: str, message: str) -> None:
    """Wrong inputs are an error of one line, and nothing is written."""
    before = sorted(folder.iterdir())
    done = dechaff(*arguments.split(), cwd=folder, code=1)
    assert message in done.stderr.splitlines()[-1]
    assert sorted(folder.iterdir()) == before
