"""Columns of any kind: pandas Series, missing values, and iterables of texts."""

from typing import Any

import numpy as np
import pytest

from dechaff import InputError, clean_array, label_array

ARTICLE = "The council voted on Tuesday to repair the old bridge, which had been closed since March.\nShare\n"
CLEAN = ARTICLE.removesuffix("Share\n")
NAN = float("nan")


@pytest.mark.parametrize("missing", [None, NAN, np.nan, np.float32("nan")], ids=repr)
def test_missing_values(missing: Any) -> None:
    """A missing value becomes None, in lists, in arrays, and among sites, titles and addresses."""
    assert clean_array([ARTICLE, missing]) == [CLEAN, None]
    assert clean_array(np.array([missing, ARTICLE], object)).tolist() == [None, CLEAN]
    assert label_array([missing, ARTICLE])[0] is None
    others = {"titles": [missing, "The bridge"], "urls": [missing, None], "groups": [missing, "bote"]}
    assert clean_array([ARTICLE, ARTICLE], **others) == [CLEAN, CLEAN]


@pytest.mark.parametrize(
    "make", [list, tuple, iter, lambda texts: (t for t in texts), lambda t: dict.fromkeys(t).keys()]
)
def test_iterables(make: Any) -> None:
    """Any iterable of strings is taken, and gives a list."""
    assert clean_array(make([ARTICLE, "Log in"])) == clean_array([ARTICLE, "Log in"])
    assert len(label_array(make([ARTICLE]))) == 1
    given = {"titles": make(["The bridge"]), "urls": make(["https://example.org/bridge"]), "groups": make(["a"])}
    assert clean_array(make([ARTICLE]), **given) == [CLEAN]


@pytest.mark.parametrize(
    ("wrong", "message"), [(ARTICLE, "single string"), (5, "int is no list"), ([5], "text 0 is int")]
)
def test_no_texts(wrong: Any, message: str) -> None:
    """A single string, a number and a list of numbers are refused."""
    with pytest.raises(InputError, match=message):
        clean_array(wrong)


@pytest.mark.parametrize("dtype", [object, "string", "str", "category"])
def test_series(dtype: Any) -> None:
    """A Series gives a Series with its index, name and type; missing values stay missing, of whatever kind."""
    pd = pytest.importorskip("pandas", reason="needs pandas")
    values = [ARTICLE, None, NAN, pd.NA] if dtype is object else [ARTICLE, None, None, None]
    series = pd.Series(values, index=["a", "b", "c", "a"], name="text", dtype=dtype)
    cleaned = clean_array(series)
    assert (cleaned.index.tolist(), cleaned.name) == (["a", "b", "c", "a"], "text")
    assert cleaned.isna().tolist() == [False, True, True, True]
    assert cleaned.iloc[0] == CLEAN
    assert cleaned.dtype == ("object" if dtype == "category" else series.dtype)
    frame = pd.DataFrame({"text": series, "title": ["The bridge", None, NAN, pd.NA], "site": ["a", "a", None, "b"]})
    assert clean_array(frame["text"], titles=frame["title"], groups=frame["site"]).iloc[0] == CLEAN
    assert [labels is None for labels in label_array(series)] == [False, True, True, True]
