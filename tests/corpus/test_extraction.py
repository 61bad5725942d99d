"""HTML to text with each extractor."""

import pytest

from dechaff.errors import InputError, MissingExtraError
from dechaff.extras import load
from dechaff_training.corpus.extraction import (
    EXTRACTORS,
    LEARNT,
    STOPLISTS,
    VOTERS,
    extract,
    extractor_version,
)

pytest.importorskip("trafilatura", reason="needs the peers extra: pip install 'dechaff[peers]'")

PROSE = [
    "The mill at the weir will close in the spring, its owner said on Monday, after ninety years of work. "
    "She had hoped to sell it to the town, but the council, which met in the afternoon, had no money for it.",
    "The weir itself is to stay, because the meadows above it would be dry for most of the summer. "
    "Two of the nine workers have found places at the sawmill down the road; the others are still looking.",
]
PAGE = f"""<!DOCTYPE html><html lang="en"><head><title>The mill closes | Wemmer Post</title>
<script>var tracker = "never text";</script></head>
<body><nav><ul><li><a href="/">Home</a></li><li><a href="/sport">Sport</a></li></ul></nav>
<article><h1>The mill closes</h1>{"".join(f"<p>{p}</p>" for p in PROSE)}
<table><tr><td>Workers</td><td>9</td></tr></table></article>
<footer><p><a href="/terms">Terms</a></p><input value="form field"><img alt="alternative text"></footer>
</body></html>"""


@pytest.mark.parametrize("extractor", EXTRACTORS)
def test_every_extractor_prints_each_paragraph_on_a_line_of_its_own(extractor: str) -> None:
    """Each extractor prints the body, one paragraph a line."""
    lines = [line.strip() for line in extract(PAGE, extractor).splitlines()]
    assert [line for line in lines if line in PROSE] == PROSE


@pytest.mark.parametrize("extractor", ["resiliparse_all", "html_text", "inscriptis"])
def test_all_text_extractors_keep_navigation_and_footer(extractor: str) -> None:
    """Extractors of all text keep the boilerplate that the model has to recognise."""
    text = extract(PAGE, extractor)
    assert "Home" in text
    assert "Terms" in text


@pytest.mark.parametrize("extractor", EXTRACTORS)
def test_no_extractor_prints_scripts_alternative_texts_or_form_fields(extractor: str) -> None:
    """Only text visible to a reader is extracted."""
    text = extract(PAGE, extractor)
    assert not [word for word in ("never text", "alternative text", "form field") if word in text]


@pytest.mark.parametrize("extractor", EXTRACTORS)
@pytest.mark.parametrize(
    "html",
    [
        "",
        "   \n",
        "<",
        "<html></html>",
        "\x00<p>One\x00 two</p>",
        "<?xml version='1.0' encoding='utf-8'?><p>One</p>",
        "<div>" * 3000,
        "<!-- only a comment -->",
        "plain text, no markup",
        "<p>lone \ud800 surrogate</p>",
    ],
    ids=["empty", "blank", "bracket", "no body", "null", "encoding", "deep", "comment", "plain", "surrogate"],
)
def test_pages_that_cannot_be_parsed_give_text_or_nothing(html: str, extractor: str) -> None:
    """Malformed pages give a string and no error."""
    assert isinstance(extract(html, extractor), str)


@pytest.mark.parametrize("lang", ["de", "ja", ""])
def test_justext_works_in_languages_without_a_stop_list(lang: str) -> None:
    """In languages without a stop list, jusText runs by link density and length."""
    page = PAGE.replace('lang="en"', f'lang="{lang}"')
    assert isinstance(extract(page, "justext"), str)


def test_each_stop_list_is_one_that_justext_has() -> None:
    """Every stop list that is named exists in jusText."""
    known = pytest.importorskip("justext").get_stoplists()
    assert set(STOPLISTS.values()) <= set(known)


def test_an_unknown_extractor_is_refused_with_the_names_of_the_others() -> None:
    """The error lists the valid names."""
    with pytest.raises(InputError, match="choose one of resiliparse_all"):
        extract(PAGE, "lynx")


def test_a_missing_package_is_refused_with_the_command_that_installs_it() -> None:
    """The error names the html extra."""
    with pytest.raises(MissingExtraError, match=r"pip install 'dechaff\[html\]'"):
        load("dechaff_no_such_package")


def test_learnt_extractors_and_voters_are_extractors_with_a_version() -> None:
    """Both lists name known extractors, each with a version for the cache's key."""
    assert {*LEARNT, *VOTERS} <= set(EXTRACTORS)
    assert all(extractor_version(name).split()[1][0].isdigit() for name in EXTRACTORS)
