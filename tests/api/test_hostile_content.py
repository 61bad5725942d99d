"""Model files whose content is plain values but no usable model."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from model_files import set_in, write_content

from dechaff import ArtifactError, inspect_model, load_model
from dechaff.linear.line_model import stage_names


def floats(*values: float) -> dict[str, Any]:
    return {"dtype": "<f4", "shape": [len(values)], "data": np.array(values, "<f4").tobytes()}


def words(*values: float) -> dict[str, Any]:
    return {"dtype": "<f2", "shape": [len(values)], "data": np.array(values, "<f2").tobytes()}


def crosses(name: str, fill: float, dtype: str, width: int) -> Callable[[dict[str, Any]], None]:
    """Return a change to one array of the stage 2 trees."""
    array = np.full((2, width), fill, dtype)
    return set_in(
        "second", "crosses", name, to={"dtype": dtype, "shape": list(array.shape), "data": array.tobytes()}
    )


N_FIRST = len(stage_names()[0])

WRONG = {
    "other format": (set_in("format", to="other"), "not a dechaff model"),
    "no format": (lambda c: c.pop("format"), "not a dechaff model"),
    "format is a list": (set_in("format", to=["dechaff-model"]), "not a dechaff model"),
    "newer version": (set_in("version", to=2), "format version 2"),
    "older version": (set_in("version", to=0), "format version 0"),
    "version of another type": (set_in("version", to="1"), "format version unknown"),
    "version is true": (set_in("version", to=True), "format version unknown"),
    "no version": (lambda c: c.pop("version"), "format version unknown"),
    "version of 5,000 digits": (set_in("version", to=10**5000), "holds LONG4"),
    "version of 200 digits": (set_in("version", to=10**200), "more than 64 bits"),
    "version of 63 bits": (set_in("version", to=2**63 - 1), "format version 9223372036854775807"),
    "other specification": (set_in("specification", to="0" * 16), "made for the features"),
    "endless specification": (set_in("specification", to="x\n" * 10**6), "made for the features .{1,40}, but this"),
    "no specification": (lambda c: c.pop("specification"), "made for the features None"),
    "no threshold": (lambda c: c.pop("threshold"), "'threshold'"),
    "threshold is no number": (set_in("threshold", to="half"), "half"),
    "threshold above one": (set_in("threshold", to=7.0), "not between 0 and 1"),
    "threshold is not a number": (set_in("threshold", to=float("nan")), "not between 0 and 1"),
    "metadata is no dictionary": (set_in("metadata", to=7), "not iterable"),
    "no second stage": (set_in("second", to=None), "NoneType"),
    "a stage is a list": (set_in("first", to=[1, 2]), "list indices"),
    "an array is a number": (set_in("first", "means", to=1), "not subscriptable"),
    "array of objects": (set_in("first", "means", "dtype", to="|O"), "means: the type or shape is not"),
    "array of strings": (set_in("first", "means", "dtype", to="<U4"), "means: the type or shape is not"),
    "array without data": (set_in("first", "means", "data", to=b""), "reshape|buffer"),
    "array of another shape": (set_in("first", "means", "shape", to=[7]), "means: the type or shape is not"),
    "array of a huge shape": (set_in("first", "means", "shape", to=[1 << 60]), "means: the type or shape is not"),
    "array of a shape below zero": (set_in("first", "means", "shape", to=[-1]), "means: the type or shape is not"),
    "array of 99 dimensions": (set_in("first", "means", "shape", to=[1] * 99), "means: the type or shape is not"),
    "array of a shape that is text": (
        set_in("first", "means", "shape", to="204"),
        "means: the type or shape is not",
    ),
    "array data is a string": (set_in("first", "means", "data", to="abcd" * 100), "bytes-like"),
    "array data is a list": (set_in("first", "means", "data", to=[0.0] * N_FIRST), "bytes-like"),
    "array of half numbers": (set_in("first", "means", "data", to=b"\0" * 7), "buffer size"),
    "too few features": (set_in("first", "means", to=floats(1, 2)), "cannot reshape"),
    "a weight is not a number": (
        set_in("first", "coefficients", to=floats(*[float("nan")] * N_FIRST)),
        "a weight is not a number between",
    ),
    "means are infinite": (
        set_in("first", "means", to=floats(*[float("inf")] * N_FIRST)),
        "a weight is not a number between",
    ),
    "scales of zero": (set_in("first", "scales", to=floats(*[0.0] * N_FIRST)), "not above zero"),
    "intercept is not a number": (set_in("first", "intercept", to=float("nan")), "not between -1e"),
    "intercept is a list": (set_in("first", "intercept", to=[0.0]), "float"),
    "no word weights": (set_in("word_weights", to=words()), "power of two|buffer"),
    "three word weights": (set_in("word_weights", to=words(1, 2, 3)), "3 word weights: not a power of two"),
    "word weights in two dimensions": (set_in("word_weights", "shape", to=[8, 8]), "the type or shape is not"),
    "word weights are infinite": (
        set_in("word_weights", to=words(float("inf"), 0)),
        "a weight is not a number between",
    ),
    "crosses are a number": (set_in("second", "crosses", to=5), "not subscriptable"),
    "crosses are an empty list": (set_in("second", "crosses", to=[]), "list indices"),
    "crosses are false": (set_in("second", "crosses", to=False), "not subscriptable"),
    "crosses are empty": (set_in("second", "crosses", to={}), "'features'"),
    "crosses lack their weights": (lambda c: c["second"]["crosses"].pop("weights"), "'weights'"),
    "no such feature": (crosses("features", 10_000, "<i4", 8), "a feature index is outside"),
    "a feature below zero": (crosses("features", -1, "<i4", 8), "a feature index is outside"),
    "a feature that is not a number": (
        crosses("features", float("nan"), "<f4", 8),
        "features: the type or shape is not",
    ),
    "a threshold that is not a number": (crosses("thresholds", float("nan"), "<f4", 8), "threshold is not a"),
    "a leaf's weight without reason": (crosses("weights", 1e30, "<f4", 9), "a weight is not a number between"),
    "no such leaf": (crosses("leaves", 9, "|u1", 256), "a leaf index is above"),
    "a leaf below zero": (crosses("leaves", -1, "<i4", 64), "leaves: the type or shape is not"),
    "keywords are a number": (set_in("keywords", to=5), "len"),
    "a keyword of one part": (set_in("keywords", to=[["share"]]), "not enough values"),
    "a keyword of no family": (set_in("keywords", to=[["no such", "phrase"]]), "unknown group"),
    "a keyword is a number": (set_in("keywords", to=[["share", 5]]), "a keyword is int"),
    "an endless keyword": (set_in("keywords", to=[["share", "x" * 10**6]]), "1000000 characters"),
    "too many keywords": (set_in("keywords", to=[["share", "tell a friend"]] * 10_001), "too many keywords: 10001"),
    "decoder is false": (set_in("decoder", to=False), "not subscriptable"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_content(wrong: str, saved: Path, tmp_path: Path) -> None:
    """Plain values that make no usable model are refused on reading, in one line with the cause."""
    change, cause = WRONG[wrong]
    path = write_content(tmp_path / "wrong.joblib", saved, change)
    with pytest.raises(ArtifactError, match=f"^{path}: .*(?:{cause})") as caught:
        load_model(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("change", "todo"),
    [
        (set_in("version", to=2), "upgrade dechaff"),
        (set_in("version", to=0), "train it again"),
        (set_in("specification", to="0" * 16), "train it again with 'dechaff train'"),
        (set_in("format", to="other"), "train one with 'dechaff train'"),
    ],
)
def test_messages_say_what_to_do(
    change: Callable[[dict[str, Any]], None], todo: str, saved: Path, tmp_path: Path
) -> None:
    """Each mismatch is reported with the problem and a remedy."""
    with pytest.raises(ArtifactError, match=todo):
        load_model(write_content(tmp_path / "wrong.joblib", saved, change))


def nested(levels: int) -> list[object]:
    """Make a list that holds one list twice at every level: small in the file, exponential when printed."""
    value: list[object] = ["x"]
    for _ in range(levels):
        value = [value, value]
    return value


ENDLESS = {
    "a keyword": lambda c: c.update(keywords=[["share", nested(60)]]),
    "a preset": lambda c: c["metadata"].update(presets={"recall": {"threshold": nested(60)}}),
    "metadata": lambda c: c["metadata"].update(note=nested(60)),
    "wide metadata": lambda c: c["metadata"].update(note=[nested(14)] * 999),
    "the specification": lambda c: c.update(specification=nested(60)),
    "an array's type": lambda c: c["first"]["means"].update(dtype=nested(60)),
}


@pytest.mark.parametrize("place", ENDLESS)
def test_values_without_end(place: str, saved: Path, tmp_path: Path) -> None:
    """Lists that hold one list twice at every level are refused before they are printed."""
    path = write_content(tmp_path / "m.joblib", saved, ENDLESS[place])
    with pytest.raises(ArtifactError, match="too many values"):
        load_model(path)


def test_a_list_that_holds_itself(saved: Path, tmp_path: Path) -> None:
    """A list that contains itself is refused, also by `inspect_model`."""
    loop: list[object] = []
    loop.append(loop)
    path = write_content(tmp_path / "m.joblib", saved, lambda c: c["metadata"].update(note=loop))
    for read in (load_model, inspect_model):
        with pytest.raises(ArtifactError, match="too many values"):
            read(path)


@pytest.mark.parametrize("stage", ["first", "second", "decoder"])
@pytest.mark.parametrize(("array", "value"), [("scales", 1e-45), ("coefficients", 3e38), ("means", 1e30)])
def test_weights_beyond_reason(stage: str, array: str, value: float, saved: Path, tmp_path: Path) -> None:
    """Weights that would overflow are refused instead of giving NaN."""

    def change(content: dict[str, Any]) -> None:
        packed = content[stage][array]
        packed["data"] = np.full(packed["shape"], value, np.float32).tobytes()

    with pytest.raises(ArtifactError, match="damaged"):
        load_model(write_content(tmp_path / "m.joblib", saved, change))
