"""Active learning: which articles to label next."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from cli_process import dechaff
from hypothesis import given
from hypothesis import strategies as st

from dechaff import LineBatch, LineModel
from dechaff.text.tokens import find_words
from dechaff_training.corpus.corpus import Corpus
from dechaff_training.fit.active_learning import rank_articles, spread_articles

SITES = st.lists(st.sampled_from("abc"), min_size=1, max_size=12)


@given(SITES)
def test_equal_articles_take_turns(model: LineModel, sites: list[str]) -> None:
    """Equal articles of one site are ranked lower with each one before them."""
    texts = ["The council voted on Tuesday.\nA column by our editor"] * len(sites)
    ranked = rank_articles(model, texts, sites)
    assert sorted(each.index for each in ranked) == list(range(len(sites)))
    before = [
        [sites[other.index] for other in ranked[:place]].count(sites[each.index])
        for place, each in enumerate(ranked)
    ]
    assert before == sorted(before)
    assert all(first.gain >= second.gain for first, second in pairwise(ranked))


def test_a_labelled_site_counts_half(model: LineModel) -> None:
    """An article of a site with two labelled articles has a quarter of the gain, and the reason states it."""
    [alone] = rank_articles(model, ["A column by our editor"], ["a"])
    [third] = rank_articles(model, ["A column by our editor"], ["a"], labelled_sites=["a", "b", "a"])
    assert third.gain == pytest.approx(alone.gain / 4)
    assert (alone.reason.split("; ")[1], third.reason.split("; ")[1]) == (
        "first of its site",
        "after 2 of its site",
    )


def test_longer_doubt_comes_first(model: LineModel, corpus: Corpus) -> None:
    """Real articles of different sites are ranked by the number of words expected to be wrong."""
    ranked = rank_articles(model, corpus.texts, [str(number) for number in range(len(corpus))])
    for each in ranked[:10]:
        batch = LineBatch.from_texts([corpus.texts[each.index]])
        probability = model.content_probability(batch)
        wrong = find_words(batch).counts @ np.minimum(probability, 1 - probability)
        assert each.gain == pytest.approx(wrong)
    assert [each.gain for each in ranked] == sorted((each.gain for each in ranked), reverse=True)


def test_nothing_and_a_mistake(model: LineModel) -> None:
    """No articles give no suggestions; a number of sites that differs from that of texts is refused."""
    assert rank_articles(model, [], []) == []
    with pytest.raises(ValueError, match="1 texts, but 2 sites"):
        rank_articles(model, ["a"], ["a", "b"])


@given(SITES, st.lists(st.sampled_from("abcd")), st.integers(0, 3))
def test_random_order_takes_each_site_in_turn(sites: list[str], labelled: list[str], seed: int) -> None:
    """Sites with fewer articles, labelled or listed, come first; labelling the first one leaves the rest as it was."""
    names = [f"{site}/{place}" for place, site in enumerate(sites)]
    ranked = spread_articles(names, sites, labelled_sites=labelled, seed=seed)
    assert sorted(each.index for each in ranked) == list(range(len(sites)))
    before = [
        (labelled + [sites[other.index] for other in ranked[:place]]).count(sites[each.index])
        for place, each in enumerate(ranked)
    ]
    assert before == sorted(before)
    first, *rest = (names[each.index] for each in ranked)
    left = [place for place, name in enumerate(names) if name != first]
    again = spread_articles(
        [names[place] for place in left],
        [sites[place] for place in left],
        labelled_sites=[*labelled, sites[names.index(first)]],
        seed=seed,
    )
    assert [names[left[each.index]] for each in again] == rest


def test_random_order_is_random() -> None:
    """Another seed is another order, and the names' own order is not kept."""
    names = [f"a/{number:02}" for number in range(40)]
    orders = [[each.index for each in spread_articles(names, ["a"] * 40, seed=seed)] for seed in range(5)]
    assert len({tuple(order) for order in orders}) == 5
    assert all(abs(np.corrcoef(order, range(40))[0, 1]) < 0.5 for order in orders)


def test_the_command_lists_one_of_each_site_first(tmp_path: Path) -> None:
    """By default `dechaff next` needs no model, starts with sites without labels, and gives no expected gain."""
    for name in ("a/1", "a/2", "a/3", "b/1", "c/1"):
        path = tmp_path / "texts" / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("The council voted.\n")
    (tmp_path / "mine" / "c").mkdir(parents=True)
    (tmp_path / "mine" / "c" / "2.txt").write_text("+ The council voted.\n")
    found = dechaff("next", "texts", "--to", "mine", "--json", cwd=tmp_path)
    rows = [json.loads(line) for line in found.stdout.splitlines()]
    assert sorted(Path(row["path"]).parent.name for row in rows[:2]) == ["a", "b"]
    assert sorted(Path(row["path"]).parent.name for row in rows[2:4]) == ["a", "c"]
    assert {tuple(row) for row in rows} == {("path", "reason")}
    assert b"first of its site\n" in dechaff("next", "texts", "-n", 1, cwd=tmp_path).stdout


def test_the_command(tmp_path: Path) -> None:
    """`dechaff next` lists unlabelled articles, best first, as text and as JSON."""
    folder, done = tmp_path / "bote", tmp_path / "mine"
    folder.mkdir()
    for name, text in {
        "one": "Share",
        "two": "The council voted.\nA column by our editor",
        "three": "Tweet",
    }.items():
        (folder / f"{name}.txt").write_text(text + "\n")
    (done / "bote").mkdir(parents=True)
    (done / "bote" / "three.txt").write_text("- Tweet\n")
    found = dechaff("next", folder, "--to", done, "--order", "doubtful", "--json")
    rows = [json.loads(line) for line in found.stdout.splitlines()]
    assert [Path(row["path"]).name for row in rows] == ["two.txt", "one.txt"]
    shown = dechaff("next", folder, "--to", done, "--order", "doubtful", "-n", 1).stdout
    assert b"two.txt" in shown
    assert b"one.txt" not in shown
    nothing = dechaff("next", folder / "three.txt", "--to", done, code=1)
    assert "no unlabelled articles" in nothing.stderr
