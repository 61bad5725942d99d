"""Arrow arrays in and out of the public functions."""

import itertools
from typing import Any

import numpy as np
import pytest
from helpers import ANY_TEXT, SMALL_MODEL, constant_model
from hypothesis import given
from hypothesis import strategies as st

from dechaff import InputError, LineModel, classify_lines, clean_array, label_array

pa = pytest.importorskip("pyarrow", reason="needs the bulk extra: pip install 'dechaff[bulk]'")

KEEP, DROP = constant_model(9), constant_model(-9)
KINDS = [pa.string(), pa.large_string(), pa.string_view()]
#: What Arrow can hold: no lone surrogates.
ARROW_TEXTS = st.lists(
    st.one_of(st.none(), ANY_TEXT.map(lambda text: text.encode("utf-8", "ignore").decode())), max_size=8
)
each_kind = pytest.mark.parametrize("kind", KINDS, ids=str)


def chunked(texts: list[str | None], cuts: list[int], kind: Any) -> Any:
    """Cut texts into chunks at the given places; a repeated place makes an empty chunk."""
    bounds = [0, *sorted(min(cut, len(texts)) for cut in cuts), len(texts)]
    return pa.chunked_array([pa.array(texts[a:b], kind) for a, b in itertools.pairwise(bounds)], kind)


def plain(labels: list[Any]) -> list[Any]:
    """Convert structured arrays to the output of Arrow's `to_pylist`."""
    names = ("start", "end", "content", "probability")
    return [own if own is None else [dict(zip(names, row, strict=True)) for row in own.tolist()] for own in labels]


@given(ARROW_TEXTS, st.sampled_from(KINDS), st.lists(st.integers(0, 8), max_size=4), st.integers(0, 3))
def test_arrow_in_is_list_in(texts: list[str | None], kind: Any, cuts: list[int], first: int) -> None:
    """For any type, chunking and slice, an Arrow array gives the results of a list of its texts, in the array's own type."""
    cleaned, labels = clean_array(texts, SMALL_MODEL), label_array(texts, SMALL_MODEL)
    for strings, skipped in (
        (pa.array(texts, kind), 0),
        (pa.array([*("no\nmatter" for _ in range(first)), *texts], kind)[first:], 0),
        (pa.array(texts, kind)[first:], first),
        (chunked(texts, cuts, kind), 0),
        (chunked(texts, cuts, kind)[first:], first),
    ):
        own = clean_array(strings, SMALL_MODEL)
        own.validate(full=True)
        assert (type(own), own.type, own.to_pylist()) == (type(strings), kind, cleaned[skipped:])
        lines = label_array(strings, SMALL_MODEL)
        lines.validate(full=True)
        assert lines.to_pylist() == plain(labels[skipped:])
        for result in (own, lines):
            assert [len(chunk) for chunk in getattr(result, "chunks", [result])] == [
                len(chunk) for chunk in getattr(strings, "chunks", [strings])
            ]


@given(ANY_TEXT)
def test_labels_are_those_of_classify_lines(text: str) -> None:
    """Spans, decisions and, to single precision, probabilities equal those of `classify_lines`."""
    (labels,) = label_array([text], SMALL_MODEL)
    lines = classify_lines(text, SMALL_MODEL)
    assert labels is not None
    assert labels[["start", "end", "content"]].tolist() == [
        (line.start, line.end, line.label == "content") for line in lines
    ]
    assert labels["probability"].tolist() == np.float32([line.probability for line in lines]).tolist()


def test_labels_of_a_list_and_an_array() -> None:
    """A list and an array of objects return a list of structured arrays; None stays None, and an article without lines is an empty array."""
    for strings in (["a\n\nb", None, "\n"], np.array(["a\n\nb", None, "\n"], object)):
        two, none, empty = label_array(strings, KEEP)
        assert two is not None
        assert empty is not None
        assert [row[:3] for row in two.tolist()] == [(0, 1, True), (3, 4, True)]
        assert (none, len(empty)) == (None, 0)
    assert label_array([], KEEP) == []


def test_labels_follow_the_text_that_is_kept(model: LineModel) -> None:
    """With a threshold or groups, the lines labelled content are those that `clean_array` keeps."""
    line = "The council voted on Tuesday to repair the old bridge, which had been closed since March."
    texts = [f"{line} {number}.\nWhy the harbour is full of empty boats again\nSubscribe" for number in range(3)]
    for options in ({}, {"threshold": 0.9}, {"threshold": "recall"}, {"groups": ["a"] * 3}):
        labels, cleaned = label_array(texts, model, **options), clean_array(texts, model, **options)
        for text, own, kept in zip(texts, labels, cleaned, strict=True):
            rows = own[own["content"]].tolist()
            assert [text[start:end] for start, end, *_ in rows] == kept.splitlines()


@each_kind
def test_types_of_labels(kind: Any) -> None:
    """Labels are lists of structs of two integers, a Boolean and a float; large lists for large strings, also without texts."""
    for strings in (pa.array(["a", None], kind), pa.array([], kind), pa.chunked_array([], kind)):
        labels = label_array(strings, KEEP)
        assert pa.types.is_large_list(labels.type) == (kind == pa.large_string())
        assert {field.name: str(field.type) for field in labels.type.value_type} == {
            "start": "int64", "end": "int64", "content": "bool", "probability": "float",
        }  # fmt: skip
        assert len(labels) == len(strings)


@each_kind
def test_nulls_and_nothing(kind: Any) -> None:
    """Arrays of nulls, without elements or without chunks are returned unchanged."""
    for strings in (
        pa.nulls(3, kind),
        pa.array([], kind),
        pa.chunked_array([], kind),
        chunked([None], [0, 1], kind),
    ):
        assert clean_array(strings, DROP).equals(strings)
        assert label_array(strings, DROP).to_pylist() == strings.to_pylist()
    nulls = pa.nulls(2)
    assert clean_array(nulls, DROP).equals(nulls)
    assert label_array(nulls, DROP).null_count == 2


@each_kind
def test_a_dictionary_is_decoded(kind: Any) -> None:
    """Dictionary-encoded strings are cleaned one by one and returned as plain strings in the same chunks."""
    indices = pa.array([1, None, 0, 1], pa.int8())
    array = pa.DictionaryArray.from_arrays(indices, pa.array(["b\n", "a"], kind))
    for strings in (array, pa.chunked_array([array, array[1:]])):
        cleaned = clean_array(strings, KEEP)
        assert (cleaned.type, cleaned.to_pylist()) == (kind, strings.to_pylist())
        assert label_array(strings, KEEP)[0].as_py()[0]["end"] == 1


def test_groups_of_an_arrow_array(model: LineModel) -> None:
    """Sites may be an Arrow array; a null is a page without a group."""
    texts = [f"Line {name} of the article, which is about a bridge.\nWhy the harbour is empty" for name in "abcd"]
    groups = ["x", None, "x", None]
    strings, sites = pa.array(texts), pa.array(groups)
    assert clean_array(strings, model, groups=sites).to_pylist() == clean_array(texts, model, groups=groups)
    assert clean_array(texts, model, groups=sites) == clean_array(texts, model, groups=groups)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (pa.array([1, 2]), r"Arrow array of int64: convert it with array\.cast"),
        (pa.array([b"a"]), "Arrow array of binary"),
        (pa.array([["a"]]), "Arrow array of list<"),
        (pa.chunked_array([], pa.float32()), "Arrow array of float"),
        (pa.array([1, 1]).dictionary_encode(), "Arrow array of dictionary<values=int64"),
        (pa.table({"text": ["a"]}), r"pyarrow Table: pass one column of strings, such as table\['text'\]"),
        (pa.record_batch({"text": ["a"]}), "pyarrow RecordBatch: pass one column"),
        (pa.scalar("a"), "pyarrow StringScalar: pass one column"),
        (pa.StringArray.from_buffers(1, pa.py_buffer(np.int32([0, 1])), pa.py_buffer(b"\xff")), "not UTF-8"),
    ],
    ids=lambda value: None if isinstance(value, str) else type(value).__name__,
)
def test_what_is_refused(wrong: Any, message: str) -> None:
    """Both functions refuse an Arrow object that is not an array of strings, with its type and a remedy."""
    for function in (clean_array, label_array):
        with pytest.raises(InputError, match=message):
            function(wrong, KEEP)


def test_one_text_is_no_list_of_texts() -> None:
    """A single text is refused, and so is a value that is not a string among several."""
    with pytest.raises(InputError, match="give a list of texts"):
        label_array("a", KEEP)
    with pytest.raises(InputError, match="text 1 is bytes"):
        label_array(["a", b"b"], KEEP)  # type: ignore[list-item]


def test_titles_and_sites_from_a_table() -> None:
    """Titles, addresses and sites may be Arrow columns and have the same effect as lists."""
    texts = ["The mill shuts\nThe mill at the weir will close in the spring, its owner said on Monday.", None]
    about = {"titles": ["The mill shuts", None], "urls": [None, None], "groups": ["post", None]}
    columns = {name: pa.array(values, pa.string()) for name, values in about.items()}
    for array in (clean_array, label_array):
        expected = array(texts, SMALL_MODEL, **about)
        assert str(array(texts, SMALL_MODEL, **columns)) == str(expected)
    assert clean_array(pa.array(texts), SMALL_MODEL, **columns).to_pylist() == clean_array(
        texts, SMALL_MODEL, **about
    )
    untitled, titled = (label_array(texts, SMALL_MODEL, titles=titles)[0] for titles in (None, columns["titles"]))
    assert titled is not None
    assert untitled is not None
    assert titled["probability"][0] > untitled["probability"][0]
