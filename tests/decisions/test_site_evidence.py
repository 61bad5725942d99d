"""Evidence from a site profile: what it changes, and what it must not."""

from itertools import pairwise

import numpy as np
import pytest
from helpers import ANY_TEXTS, SMALL_MODEL, constant_model
from hypothesis import given
from hypothesis import strategies as st

from dechaff import (
    LineBatch,
    LineModel,
    SiteProfile,
    clean_array,
    clean_article,
    clean_html,
    clean_htmls,
    keep_content,
    label_array,
)
from dechaff.api import OUTPUTS
from dechaff.decisions import site_evidence
from dechaff.decisions.site_evidence import FEATURES, REASON, site_log_odds, site_weights

PROSE = ("The council voted on Tuesday to repair the old bridge, which had been closed since March.",
         "Rain fell on the whole of the county, and the river rose by two feet in a day.",
         "The mill at the weir will close in the spring, its owner said after forty years.",
         "A new bakery opened beside the market on Saturday, and sold out before noon.")  # fmt: skip
TEASER = "Why the harbour is full of empty boats again, and who will have to pay for it"
NEW = "Nobody was hurt when a lorry lost its load of apples on the hill above the town on Friday."
URL = "https://www.post.example/news/1"


@pytest.fixture
def profile() -> SiteProfile:
    """Make a profile of a site whose pages all have a teaser."""
    return profile_of([f"{line}\n{TEASER}" for line in PROSE])


def profile_of(texts: list[str], site: str | None = "post.example") -> SiteProfile:
    """Return the profile of documents of one site."""
    profile = SiteProfile()
    profile.count(texts, [site] * len(texts))
    return profile


def test_the_weights() -> None:
    """The table holds a weight for each feature; more documents, and a larger share of them, are not more content."""
    assert len(site_weights()) == len(FEATURES)
    weights = dict(zip(FEATURES, site_weights().tolist(), strict=True))
    assert weights["log_share"] <= 0.01
    assert -1 < weights["log_odds"] <= 0


def test_what_a_site_repeats_is_dropped(profile: SiteProfile) -> None:
    """All ways to clean drop a line that the site's pages have; without the profile or the address it stays."""
    model, text = constant_model(1.0), f"{PROSE[0]}\n{TEASER}"
    clean = f"{PROSE[0]}\n"
    assert keep_content(text, model, url=URL, sites=profile) == clean
    assert keep_content(text, model, url=URL) == keep_content(text, model, sites=profile) == text
    assert keep_content(text, model, url="https://bote.example/", sites=profile) == text
    assert clean_array([text, None, text], model, urls=[URL, None, None], sites=profile) == [clean, None, text]
    assert label_array([text], model, urls=[URL], sites=profile)[0]["content"].tolist() == [True, False]
    page = f"<p>{PROSE[0]}</p><p>{TEASER}</p>"
    for output in OUTPUTS:
        cleaned = clean_html(page, model=model, url=URL, sites=profile, output=output)
        assert cleaned.strip() == PROSE[0]
        assert clean_article(page, model, url=URL, sites=profile, format="html", output=output).text == cleaned
    with_site, without = clean_htmls([page, page], model, urls=[URL, None], sites=profile)
    assert with_site.strip() == PROSE[0]
    assert TEASER in without
    markdown = clean_article(f"*{NEW}*\n\n{TEASER}\n", model, url=URL, sites=profile, format="markdown")
    assert markdown.text == f"*{NEW}*\n\n"


def test_a_new_page_of_a_known_site(profile: SiteProfile) -> None:
    """A page that the profile does not have is cleaned with it too."""
    text = f"{NEW}\n{TEASER}"
    assert TEASER not in keep_content(text, constant_model(1.0), url=URL, sites=profile)


@given(ANY_TEXTS)
def test_lines_on_one_page_never_change(texts: list[str]) -> None:
    """With a profile of each text alone, read any number of times, all results are those without a profile."""
    profile = SiteProfile()
    urls = [f"https://site{place}.example/" for place in range(len(texts))]
    profile.count(texts * 3, [f"site{place}.example" for place in range(len(texts))] * 3)
    assert clean_array(texts, SMALL_MODEL, urls=urls, sites=profile) == clean_array(texts, SMALL_MODEL, urls=urls)


@given(ANY_TEXTS, st.floats(-3, 3))
def test_evidence_only_lowers_repeated_lines(texts: list[str], odds: float) -> None:
    """No line is raised, and none is lowered that no other document of the site has."""
    profile = profile_of(texts)
    batch = LineBatch.from_texts(texts)
    shift = site_log_odds(batch, np.full(batch.n_lines, odds), profile, ["post.example"] * len(texts))
    assert (shift <= 0).all()
    alone = [profile_of([text]).look_up(LineBatch.from_texts([text]), ["post.example"]).on_site for text in texts]
    for place, (first, last) in enumerate(pairwise(batch.article_lines.tolist())):
        others = profile_of(texts[:place] + texts[place + 1 :])
        own = LineBatch.from_texts([texts[place]])
        found = others.look_up(own, ["post.example"]).on_site
        assert not shift[first:last][found == alone[place]].any()


def test_a_page_crawled_twice_keeps_its_content() -> None:
    """A page read twice counts once; one read again with another teaser is a copy, which keeps its lines."""
    model, text = constant_model(1.0), "\n".join(PROSE)
    assert keep_content(text, model, url=URL, sites=profile_of([text] * 5)) == text
    assert keep_content(text, model, url=URL, sites=profile_of([text, f"{text}\n{TEASER}"])) == text
    spaced = "\n\n".join(PROSE).replace("two feet", "Two  feet")
    assert keep_content(text, model, url=URL, sites=profile_of([text, spaced])) == text


def test_a_profile_replaces_groups(profile: SiteProfile) -> None:
    """Where the profile knows a line, the other articles of the call add nothing."""
    texts, model = [f"{line}\n{TEASER}" for line in PROSE[:2]], constant_model(1.0)
    alone, both = (
        label_array(texts, model, groups=groups, urls=[URL] * 2, sites=profile) for groups in (None, ["a", "a"])
    )
    for one, other in zip(alone, both, strict=True):
        assert one["probability"].tolist() == other["probability"].tolist()


def test_reasons_hold_the_evidence(model: LineModel, profile: SiteProfile) -> None:
    """The reasons of a line sum up to its log-odds, with the evidence of its site among them, and it is said in words."""
    article = clean_article(f"{PROSE[0]}\n{TEASER}\n{NEW}", model, url=URL, sites=profile)
    line = article.lines[1]
    total = sum(reason.contribution for reason in line.reasons(None))
    base = line._lazy.contributions.base
    assert np.isclose(base + total, np.log(line.probability / (1 - line.probability)), atol=1e-3)
    assert any(reason.feature == REASON and reason.contribution < 0 for reason in line.reasons(None))
    assert REASON in [why.text for why in line.why(None)]


def test_more_documents_lower_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """The evidence is the weighted sum of the features, at most zero."""
    monkeypatch.setattr(site_evidence, "site_weights", lambda: np.array([-1.0, 0, -1.0, 0, 0]))
    texts = [f"{line}\n{TEASER}" for line in PROSE]
    batch = LineBatch.from_texts(texts[:1])
    shifts = [
        site_log_odds(batch, np.array([1.0, 1.0]), profile_of(texts[:n]), ["post.example"])[1] for n in (1, 2, 4)
    ]
    assert shifts[0] == 0
    assert shifts[0] > shifts[1] > shifts[2]
    monkeypatch.setattr(site_evidence, "site_weights", lambda: np.array([5.0, 0, 0, 0, 0]))
    assert site_log_odds(batch, np.array([1.0, 1.0]), profile_of(texts), ["post.example"]).tolist() == [0, 0]
