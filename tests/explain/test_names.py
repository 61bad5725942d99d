"""The groups of features, and their names in words."""

import pytest

from dechaff import LineModel, SiteProfile, classify_lines
from dechaff.explain.names import group_of, groups, in_words
from dechaff.features import FEATURE_GROUPS, feature_names
from dechaff.features.context import context_names
from dechaff.features.markup import MARKUP_NAMES
from dechaff.features.stage3 import stage3_names

NAMES = (*feature_names(), *context_names(), *stage3_names(), *MARKUP_NAMES)
TEXT = "Mill to shut\nThe mill shuts in March, its owner said on Monday.\nMill to shut\nSubscribe for £4 a month\nShare"


def test_every_feature_has_the_group_that_computes_it() -> None:
    """Features of stage 1 are in their group, those of stages 2 and 3 and of the markup in groups of their own."""
    for group in FEATURE_GROUPS:
        assert {group_of(name) for name in group.feature_names} == {group.name}
    assert {group_of(name) for name in context_names()} == {"context"}
    assert {group_of(name) for name in stage3_names()} == {"stage 3"}
    assert {group_of(name) for name in MARKUP_NAMES} == {"markup"}
    others = ("context", "stage 3", "title", "markup", "site", "words")
    assert groups() == (*(group.name for group in FEATURE_GROUPS), *others)


def test_every_reason_has_a_group(model: LineModel) -> None:
    """Whatever is a reason of a line is in a group: words by their type alone, all else by its name."""
    profile, url = SiteProfile(), "https://post.example/mill"
    profile.count(["Mill to shut\nRain fell", "Mill to shut\nSnow fell"], ["post.example"] * 2)
    lines = classify_lines(
        TEXT.replace("\n", "\n\n"), title="Mill to shut", url=url, sites=profile, format="markdown"
    )
    reasons = [reason for line in lines for reason in line.reasons(None)]
    found = {group_of(reason.feature) for reason in reasons}
    assert found == set(groups())
    assert {reason.feature for reason in reasons if group_of(reason.feature) != "words"} >= set(
        model.stage2.names[:5]
    )
    with pytest.raises(KeyError):
        group_of("a name that no stage has")


def test_names_in_words_are_distinct() -> None:
    """No two features have the same name in words, and none has an underscore; terms stay as they are."""
    assert len({in_words(name) for name in NAMES}) == len(NAMES)
    assert [name for name in map(in_words, NAMES) if "_" in name] == []
    assert in_words("word 'log_n'") == "word 'log_n'"
