"""Features of lines: shape, position, sections, site duplicates, neighbours and words."""

import numpy as np
import pytest
from helpers import ANY_TEXTS, random_model
from hypothesis import given

from dechaff import LineBatch
from dechaff.features import FEATURE_GROUPS, feature_names, group_names, line_features, specification, stack
from dechaff.features.context import LEARNT_KINDS, context_features, context_names
from dechaff.features.head import NO_HEADLINE
from dechaff.features.stage3 import stage3_features, stage3_names
from dechaff.features.words import TERM_TYPES, line_hashes, sum_words, word_terms
from dechaff.text.lines import MOST_LINES
from dechaff.text.tokens import find_words
from dechaff_training.corpus.corpus import Corpus
from dechaff_training.fit.line_table import word_matrix


def features_of(*lines: str) -> dict[str, np.ndarray]:
    batch = LineBatch.from_texts(["\n".join(lines)])
    return line_features(batch, find_words(batch))


def feature(line: str, name: str) -> float:
    return float(features_of(line)[name][0])


PROSE = "The council voted on Tuesday evening to repair the old bridge, which had been closed since March."


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("abcd", "log_n_chars", np.log1p(4)),
        ("世界", "log_n_chars", np.log1p(6)),
        ("two words", "log_n_words", np.log1p(2)),
        ("abcd", "is_short", 1),
        ("x" * 25, "is_short", 0),
        ("x" * 79, "is_long", 0),
        ("x" * 80, "is_long", 1),
        ("世" * 27, "is_long", 1),
        ("x" * 240, "is_very_long", 1),
        ("ab12", "share_letters", 0.5),
        ("ab12", "share_digits", 0.5),
        ("Ab CD", "share_upper", 0.75),
        ("1234", "share_upper", 0),
        ("हिन्दी", "share_letters", 1),
        ("٣٤", "share_digits", 1),
        ("世a", "share_ideographs", 0.5),
        ("a b c", "share_spaces", 0.4),
        ("NEWS", "is_upper", 1),
        ("NEWs", "is_upper", 0),
        ("no", "has_digit", 0),
        ("n0", "has_digit", 1),
        ("a, b, c", "n_comma", np.log1p(2)),
        ("a، b； c、", "n_comma", np.log1p(3)),
        ("One. Two! Three?", "n_sentence_end", np.log1p(3)),
        ("終わり。", "n_sentence_end", np.log1p(1)),
        ("a | b > c", "n_separator", np.log1p(2)),
        ("(a) [b]", "n_bracket", np.log1p(4)),
        ("@name #tag ©", "n_address", np.log1p(3)),
        ("one two, three four", "share_comma", 0.25),
        ("Big Red bus", "share_capitalised_words", 2 / 3),
        ("12 apples 3 pears", "share_numbers", 0.5),
        ("to be or notable", "share_short_words", 0.75),
        ("extraordinary things", "n_long_words", np.log1p(1)),
        ("It ended.", "ends_with_sentence", 1),
        ("“It ended.”", "ends_with_sentence", 1),
        ("It ended.)", "ends_with_sentence", 1),
        ("終わった。", "ends_with_sentence", 1),
        ("क्या हुआ।", "ends_with_sentence", 1),
        ("It ended", "ends_with_sentence", 0),
        ("And then…", "ends_with_ellipsis", 1),
        ("And then...", "ends_with_ellipsis", 1),
        ("And then.", "ends_with_ellipsis", 0),
        ("Related:", "ends_with_colon", 1),
        ("関連：", "ends_with_colon", 1),
        ("one,", "ends_with_comma", 1),
        ("Page 3", "ends_with_digit", 1),
        ("Home >", "ends_with_separator", 1),
        ("“quote”", "ends_with_quote", 1),
        ("Capital", "begins_with_capital", 1),
        ("small", "begins_with_lower", 1),
        ("世界", "begins_with_lower", 0),
        ("3 things", "begins_with_digit", 1),
        ("• item", "begins_with_bullet", 1),
        ("- item", "begins_with_bullet", 1),
        ("“Yes”", "begins_with_quote", 1),
        ("(aside)", "begins_with_bracket", 1),
        ("¿Qué?", "begins_with_other_mark", 1),
        (PROSE, "is_prose", 1),
        (PROSE[:60] + ".", "is_prose", 0),
        ("x" * 100, "is_prose", 0),
    ],
)
def test_shape(line: str, name: str, value: float) -> None:
    """Each line has the expected length, share, beginning or ending."""
    assert feature(line, name) == pytest.approx(value)


@pytest.mark.parametrize(
    ("n", "letter"), [(65_535, "a"), (65_536, "a"), (200_000, "世"), (70_000, "A"), (70_000, "1")]
)
def test_shares_of_a_very_long_line(n: int, letter: str) -> None:
    """Packed counters do not overflow: a very long line of one character has a share of one."""
    found = features_of("short", letter * n, "short")
    name = {"a": "share_letters", "世": "share_ideographs", "A": "share_letters", "1": "share_digits"}[letter]
    assert found[name][1] == pytest.approx(1)
    assert found["share_letters"][[0, 2]] == pytest.approx([1, 1])


def test_gaps() -> None:
    """Blank lines before and after are counted up to four, with the indentation; the ends of an article count as four."""
    batch = LineBatch.from_texts(["a\n\n  b\nc\n\n\n\n\n\n\nd", "\n\ne"])
    found = line_features(batch, find_words(batch))
    assert found["blank_lines_before"].tolist() == [4, 2, 1, 4, 4]
    assert found["blank_lines_after"].tolist() == [2, 1, 4, 4, 4]
    assert found["log_indent"] == pytest.approx(np.log1p([0, 2, 0, 0, 0]))


@pytest.mark.parametrize("line", ["a\r\n\r\nb", "a\n\nb", "a\r\rb", "a\u2028\u2028b"])
def test_gaps_do_not_depend_on_the_line_ending(line: str) -> None:
    """CRLF, CR, LF and U+2028 give the same blank lines."""
    assert features_of(line)["blank_lines_before"].tolist() == [4, 2]


def test_position() -> None:
    """Distances to both ends, first and last, and the prose on either side are computed within each article."""
    batch = LineBatch.from_texts([f"Menu\n{PROSE}\nMiddle\n{PROSE}\nEnd", "Alone"])
    found = line_features(batch, find_words(batch))
    expected = {
        "log_index": np.log1p([0, 1, 2, 3, 4, 0]),
        "log_index_from_end": np.log1p([4, 3, 2, 1, 0, 0]),
        "relative_position": [0, 0.25, 0.5, 0.75, 1, 0],
        "is_first": [1, 0, 0, 0, 0, 1],
        "is_last": [0, 0, 0, 0, 1, 1],
        "log_n_lines": np.log1p([5] * 5 + [1]),
        "share_prose_before": [0, 0, 0.5, 0.5, 1, 0],
        "share_prose_after": [1, 0.5, 0.5, 0, 0, 0],
        "log_lines_since_prose": np.log1p([30, 30, 1, 2, 1, 30]),
        "log_lines_until_prose": np.log1p([1, 2, 1, 30, 30, 30]),
        "is_between_prose": [0, 0, 1, 0, 0, 0],
        "is_before_prose": [1, 1, 0, 0, 0, 1],
        "is_after_prose": [0, 0, 0, 1, 1, 1],
        "share_prose_within_2_lines": [1 / 3, 1 / 2, 2 / 5, 1 / 2, 1 / 3, 0],
        "distance_to_prose_centre": [0.4, 0.2, 0, 0.2, 0.4, 1],
        "is_repeat": [0, 0, 0, 1, 0, 0],
        "repeats_prose": [0, 0, 0, 1, 0, 0],
        "log_n_copies": np.log([1, 2, 1, 2, 1, 1]),
    }
    for name, values in expected.items():
        assert found[name].astype(np.float32) == pytest.approx(np.array(values, np.float32), abs=1e-9), name


def test_sections() -> None:
    """Distances to a marker, counts before and after, and runs of similar lines are computed within each article."""
    batch = LineBatch.from_texts([f"{PROSE}\n{PROSE}\nRelated articles\n• One 1\n• Two, 2\nComments", "Comments"])
    found = line_features(batch, find_words(batch))
    expected = {
        "log_lines_since_related_marker": np.log1p([80, 80, 80, 1, 2, 3, 80]),
        "log_lines_until_related_marker": np.log1p([2, 1, 80, 80, 80, 80, 80]),
        "log_related_markers_before": np.log1p([0, 0, 0, 1, 1, 1, 0]),
        "log_related_markers_after": np.log1p([1, 1, 0, 0, 0, 0, 0]),
        "log_comment_markers_after": np.log1p([1, 1, 1, 1, 1, 0, 0]),
        "log_run_of_is_prose": np.log1p([2, 2, 0, 0, 0, 0, 0]),
        "log_run_of_begins_with_bullet": np.log1p([0, 0, 0, 2, 2, 0, 0]),
        "share_with_digit_within_12_lines": [1 / 3] * 6 + [0],
    }
    for name, values in expected.items():
        assert found[name].astype(np.float32) == pytest.approx(np.array(values, np.float32), abs=1e-9), name


def test_after_the_last_prose(corpus: Corpus) -> None:
    """In real articles, exactly the lines from the last prose line on are after the prose."""
    batch = LineBatch.from_texts(corpus.texts)
    found = line_features(batch, find_words(batch))
    for first, last in zip(batch.article_lines[:-1], batch.article_lines[1:], strict=True):
        prose = np.flatnonzero(found["is_prose"][first:last])
        places = np.arange(last - first)
        assert (
            found["is_before_prose"][first:last].tolist() == (places <= (prose[0] if len(prose) else last)).tolist()
        )
        assert found["is_after_prose"][first:last].tolist() == (places >= (prose[-1] if len(prose) else 0)).tolist()


def test_copies_stay_within_an_article() -> None:
    """Lines of other articles in the batch are no copies, and neither are lines of marks alone."""
    batch = LineBatch.from_texts(["Same line", "Same line\n***\n***"])
    assert line_features(batch, find_words(batch))["is_repeat"].tolist() == [0, 0, 0, 0]


def test_neighbours() -> None:
    """A line has the shapes of the two lines before and after it, and zeros beyond the ends of the article."""
    batch = LineBatch.from_texts([f"Subscribe\n{PROSE}\n• Leeds", "x"])
    found = line_features(batch, find_words(batch))
    assert found["is_prose_before"].tolist() == [0, 0, 1, 0]
    assert found["is_prose_after"].tolist() == [1, 0, 0, 0]
    assert found["begins_with_bullet_second_after"].tolist() == [1, 0, 0, 0]
    assert found["share_furniture_phrases_second_before"].tolist() == [0, 0, 1, 0]


def test_functions_return_the_declared_features() -> None:
    """Each function returns the columns that are declared beside it, in order, each of them once."""
    batch = LineBatch.from_texts([f"{PROSE}\nShare", "a"])
    words = find_words(batch)
    columns: dict[str, np.ndarray] = {}
    for group in FEATURE_GROUPS:
        found = group.compute(batch, words, columns)
        assert tuple(found) == group.feature_names == group_names()[group.name]
        columns |= found
    assert tuple(columns) == feature_names()
    odds = np.array([3.0, -3.0, 0.0])
    kinds = np.zeros((len(LEARNT_KINDS), 3))
    assert tuple(context_features(batch, words, columns, odds, kinds)) == context_names()
    assert tuple(stage3_features(odds, np.full(3, NO_HEADLINE), words.counts, batch.parts)) == stage3_names()
    names = feature_names() + context_names() + stage3_names()
    assert len(set(names)) == len(names)
    assert stack(columns).shape == (len(feature_names()), 3)
    assert (len(specification()), int(specification(), 16) > 0) == (16, True)


@given(ANY_TEXTS)
def test_features_of_any_text(texts: list[str]) -> None:
    """For any text, every feature of every line is finite, and shares are within [0, 1]."""
    batch = LineBatch.from_texts(texts)
    words = find_words(batch)
    columns = line_features(batch, words)
    odds = np.linspace(-9, 9, batch.n_lines)
    columns |= context_features(batch, words, columns, odds, odds * np.ones((len(LEARNT_KINDS), 1)))
    for name, values in columns.items():
        assert values.shape == (batch.n_lines,), name
        assert np.isfinite(values).all(), name
        counted = name.startswith(("n_", "log_"))  # of the family "share", say
        if not counted and ("share_" in name or name.startswith(("is_", "has_", "begins_", "ends_", "relative_"))):
            assert ((values >= -1e-9) & (values <= 1 + 1e-9)).all(), name


@given(ANY_TEXTS)
def test_features_do_not_depend_on_the_batch(texts: list[str]) -> None:
    """An article's features are the same alone and in a batch."""
    batch = LineBatch.from_texts(texts)
    together = stack(line_features(batch, find_words(batch)))
    for number in range(len(texts)):
        alone = LineBatch.from_texts([texts[number]])
        own = together[:, slice(*batch.article_lines[number : number + 2])]
        assert stack(line_features(alone, find_words(alone))) == pytest.approx(own, abs=1e-6)


def test_word_terms() -> None:
    """Each type of term has the expected terms, weighed by the root of their number."""
    words = find_words(LineBatch.from_texts(["share this page\n***\n" + "long " * 13]))
    terms = {found.name: found for found in word_terms(words, 18)}
    assert list(terms) == [type_.name for type_ in TERM_TYPES]
    counts = {name: found.rows.counts.tolist() for name, found in terms.items()}
    one_each = [1, 0, 1]
    assert counts == {
        "word": [3, 0, 13], "pair": [2, 0, 12], "first word": one_each, "last word": one_each,
        "whole line": [1, 0, 0], "word before": [3, 0, 13], "word after": [3, 0, 13],
    }  # fmt: skip
    assert terms["word"].scale == pytest.approx([3**-0.5, 1, 13**-0.5])
    assert len({terms[name].buckets[0] for name in ("word", "first word", "word before", "word after")}) == 4
    assert all(found.buckets.min() >= 0 and found.buckets.max() < 1 << 18 for found in terms.values())


def test_equal_words_share_buckets_wherever() -> None:
    """A word's bucket depends on the word and the term type alone, not on line, article or batch."""
    one, other = (
        next(iter(word_terms(find_words(LineBatch.from_texts([text])), 18))) for text in ("Plan", "my\nold PLAN")
    )
    assert other.buckets[-1] == one.buckets[0]


def test_line_hashes_are_sums() -> None:
    """A line's hash is the sum over its words in any order; an empty line's hash is zero."""
    hashes = line_hashes(find_words(LineBatch.from_texts(["a b\nb A\n---\na"])))
    assert hashes[0] == hashes[1] != hashes[3]
    assert hashes[2] == 0


def test_the_word_matrix_is_what_the_model_sums(corpus: Corpus) -> None:
    """The word matrix of fitting times the weights equals `sum_words`."""
    model = random_model(n_bits=12)
    of_two_parts = "Share this page\n" * (MOST_LINES + 1)
    batch = LineBatch.from_texts([*corpus.texts[:12], "one line", "", "***\n世界 $5", of_two_parts])
    words = find_words(batch)
    product = word_matrix(words, 12) @ model.word_weights
    assert sum_words(words, model.word_weights) == pytest.approx(product, abs=1e-4)
