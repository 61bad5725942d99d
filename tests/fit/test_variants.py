"""Variants of articles for training: inserts, cuts and blank lines."""

from itertools import pairwise

import numpy as np
import pytest

from dechaff.text.lines import split_lines
from dechaff_training.corpus.articles import BOILERPLATE, CONTENT, Article
from dechaff_training.corpus.corpus import Corpus
from dechaff_training.corpus.text_matching import line_texts
from dechaff_training.fit.variants import make_variant


@pytest.mark.parametrize("seed", range(4))
def test_a_variant_keeps_order_and_labels(corpus: Corpus, seed: int) -> None:
    """Without the inserted lines, which are boilerplate, a variant is a stretch of its article with its labels."""
    rng = np.random.default_rng(seed)
    n_variants = 0
    for article in corpus:
        variant = make_variant(article, rng)
        if variant is None:
            continue
        n_variants += 1
        assert len(variant.labels) == len(split_lines(variant.text))
        own = list(zip(line_texts(article.text), article.labels.tolist(), strict=True))
        varied = list(zip(line_texts(variant.text), variant.labels.tolist(), strict=True))
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
        neighbours = set(pairwise(zip(line_texts(article.text), article.labels.tolist(), strict=True)))
        lines = list(zip(line_texts(variant.text), variant.labels.tolist(), strict=True))
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
