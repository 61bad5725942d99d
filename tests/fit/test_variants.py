"""Variants of articles for training: inserts, cuts, blank lines and bullets."""

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from dechaff.text.lines import split_lines
from dechaff_training.corpus.articles import BOILERPLATE, CONTENT, MASKED, Article
from dechaff_training.corpus.corpus import Corpus
from dechaff_training.corpus.text_matching import line_texts
from dechaff_training.fit.variants import make_variant

PARAGRAPHS = [
    f"On day {day} the ferry to the island was cancelled, and nobody knew why it was." for day in range(8)
]
BODY = Article("\n".join(PARAGRAPHS), np.ones(8, np.int8), "bote", "bote/ferry", "articles")


def labelled_lines(article: Article, language: str | None = None, seed: int = 0) -> list[tuple[str, int]]:
    """Return the lines of a variant of an article with their labels."""
    variant = make_variant(replace(article, language=language), np.random.default_rng(seed))
    assert variant is not None
    return list(zip(line_texts(variant.text), variant.labels.tolist(), strict=True))


def plain_lines(article: Article) -> list[tuple[str, int]]:
    """Return the lines of an article without bullets, with their labels."""
    texts = (re.sub(r"^[•‣▪◦·*–-]\s+(?=\S)", "", text) for text in line_texts(article.text))
    return list(zip(texts, article.labels.tolist(), strict=True))


@pytest.mark.parametrize("seed", range(4))
def test_a_variant_keeps_order_and_labels(corpus: Corpus, seed: int) -> None:
    """Without inserted lines and bullets, a variant is a stretch of its article with its labels."""
    rng = np.random.default_rng(seed)
    n_variants = 0
    for article in corpus:
        variant = make_variant(article, rng)
        if variant is None:
            continue
        n_variants += 1
        assert len(variant.labels) == len(split_lines(variant.text))
        own, varied = plain_lines(article), plain_lines(variant)
        content = [line for line in own if line[1] == CONTENT]
        kept = [line for line in varied if line[1] == CONTENT]
        places = [content[i : i + len(kept)] for i in range(len(content) - len(kept) + 1)]
        assert kept in places
        assert (variant.site, variant.id) == (article.site, article.id)
    assert n_variants > len(corpus) // 2


def test_inserts_stand_within_the_body(corpus: Corpus) -> None:
    """Most variants have boilerplate between lines that followed each other as content."""
    rng = np.random.default_rng(0)
    broken = total = 0
    for article in corpus:
        variant = make_variant(article, rng)
        if variant is None:
            continue
        total += 1
        neighbours, lines = set(pairwise(plain_lines(article))), plain_lines(variant)
        broken += any(
            a[1] == CONTENT and b[1] == BOILERPLATE and (a, b) not in neighbours for a, b in pairwise(lines)
        )
    assert broken > 0.8 * total


def test_variants_depend_on_the_seed_alone(corpus: Corpus) -> None:
    """The same seed gives the same variant, another seed another one; a short article has none."""
    article = max(corpus, key=lambda each: len(each.text))
    texts = [make_variant(article, np.random.default_rng(seed)).text for seed in (1, 1, 2)]  # type: ignore[union-attr]
    assert texts[0] == texts[1] != texts[2]
    short = Article("The weir\nTweet", np.array([CONTENT, BOILERPLATE], np.int8), "bote", "bote/weir", "articles")
    empty = Article("", np.zeros(0, np.int8), "bote", "bote/weir", "articles")
    assert [make_variant(each, np.random.default_rng(0)) for each in (short, empty)] == [None, None]


@pytest.mark.parametrize(("regional", "language"), [("pt-BR", "pt"), ("zh-Hant", "zh"), ("en-GB", "en")])
def test_a_region_has_the_phrases_of_its_language(regional: str, language: str) -> None:
    """Phrases are those of the language without its region, unless the lexicon has that region."""
    variants = [labelled_lines(BODY, regional, seed) for seed in range(8)]
    assert variants == [labelled_lines(BODY, language, seed) for seed in range(8)]
    assert any(label == BOILERPLATE for lines in variants for _, label in lines)
    if language != "en":
        assert variants != [labelled_lines(BODY, "en", seed) for seed in range(8)]
    assert labelled_lines(BODY, "sr-Latn", 1) != labelled_lines(BODY, "sr", 1)


def test_a_language_without_phrases_has_inserts_of_its_own_page() -> None:
    """No English phrases are put into an article in a language that the lexicon lacks; unknown languages get them."""
    page = replace(BODY, text=f"{BODY.text}\nQo' vIDab\nnuqneH", labels=np.array([1] * 8 + [0, 0], np.int8))
    for seed in range(8):
        assert all(label == CONTENT for _, label in labelled_lines(BODY, "tlh", seed))
        inserted = {line for line, label in labelled_lines(page, "tlh", seed) if label == BOILERPLATE}
        assert inserted <= {"Qo' vIDab", "nuqneH"}
    inserts = [label for seed in range(8) for _, label in labelled_lines(BODY, None, seed) if label == BOILERPLATE]
    assert inserts


def test_masked_lines_stay_masked() -> None:
    """A masked line within the body stays where it is, and is not inserted elsewhere."""
    text = "\n".join([*PARAGRAPHS[:4], "Photo: the ferry", *PARAGRAPHS[4:]])
    masked = replace(BODY, text=text, labels=np.array([1] * 4 + [MASKED] + [1] * 4, np.int8))
    for seed in range(20):
        lines = [line for line in labelled_lines(masked, "en", seed) if line[1] != BOILERPLATE]
        place = lines.index(("Photo: the ferry", MASKED))
        assert [label for _, label in lines].count(MASKED) == 1
        assert (lines[place - 1][0], lines[place + 1][0]) == (PARAGRAPHS[3], PARAGRAPHS[4])


def test_breaks_of_two_characters() -> None:
    """Carriage returns stay before their line feeds, behind inserted lines too, or all breaks become line feeds."""
    article = replace(BODY, text="\r\n".join(PARAGRAPHS), language="en")
    variants = [make_variant(article, np.random.default_rng(seed)) for seed in range(20)]
    texts = [variant.text.rstrip("\r\n") for variant in variants if variant]
    rests = [text.replace("\r\n", "") for text in texts]
    assert {("\r" in text, "\r" in rest or "\n" in rest) for text, rest in zip(texts, rests, strict=True)} == {
        (True, False),
        (False, True),
    }


def test_bullets_are_taken_off_and_changed() -> None:
    """All bullets of an article become one kind, or none is left; a dash within a line is no bullet."""
    items = [f"• {line}" for line in PARAGRAPHS]
    texts = [make_variant(replace(BODY, text="\n".join(items)), np.random.default_rng(seed)) for seed in range(60)]
    lines = [[line for line in line_texts(each.text) if "ferry" in line] for each in texts if each]
    begins = {frozenset(line.partition("On day")[0] for line in each) for each in lines}
    assert begins == {frozenset({bullet}) for bullet in ("• ", "- ", "* ", "")}
    dashed = replace(BODY, text=BODY.text.replace("On day", "–On day"))
    assert all("–On day" in make_variant(dashed, np.random.default_rng(seed)).text for seed in range(20))  # type: ignore[union-attr]
