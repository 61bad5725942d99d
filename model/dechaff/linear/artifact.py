"""Model files: one `.joblib` file of plain values, read without executing anything.

`joblib.dump` writes the file from a dictionary of numbers, strings, lists and bytes; arrays are stored as bytes,
type and shape. The file does not refer to any class or function, and the reader refuses every such reference: an
untrusted file can be wrong, but it cannot run code. Use `joblib.load` to inspect a file that you trust.
"""

import hashlib
import logging
from dataclasses import fields
from functools import cache
from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import Any, Final

import joblib
import numpy as np
from numpy.typing import NDArray

from dechaff.errors import ArtifactError
from dechaff.features import specification
from dechaff.features.context import LEARNT_KINDS
from dechaff.features.lexicon import check_keywords, read_entries
from dechaff.features.stage3 import stage3_names
from dechaff.features.words import word_terms
from dechaff.files import written_whole
from dechaff.linear.line_model import LineModel, markup_names, stage_names
from dechaff.linear.safe_pickle import READ_ERRORS, read_plain
from dechaff.linear.stage import SPLITS_PER_TREE, Crosses, Stage
from dechaff.text.lines import LineBatch
from dechaff.text.tokens import Keywords, find_words

_log: Final = logging.getLogger(__name__)

FORMAT: Final = "dechaff-model"
VERSION: Final = 1
_DTYPES: Final = {
    "word_weights": "<f2",
    "means": "<f4", "scales": "<f4", "coefficients": "<f4",
    "features": "<i4", "thresholds": "<f4", "leaves": "|u1", "weights": "<f4",
}  # fmt: skip
_MAX_BUCKETS: Final = 1 << 24
_MAX_TREES: Final = 1 << 15
_MAX_KEYWORDS: Final = 10_000
_MAX_WEIGHT: Final = 1e6


def save_model(model: LineModel, path: str | PathLike[str]) -> None:
    """Write a model to one file; if writing fails, no partial file is left.

    Parameters
    ----------
    model : LineModel
        The model to write, fitted or loaded.
    path : path-like
        The path of the file, by convention with the suffix `.joblib`.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    content = {
        "format": FORMAT,
        "version": VERSION,
        "specification": specification(),
        "threshold": float(model.threshold),
        "word_weights": _pack("word_weights", model.word_weights),
        "first": _pack_stage(model.stage1),
        "second": _pack_stage(model.stage2),
        "decoder": model.stage3 and _pack_stage(model.stage3),
        "headline": model.headline and _pack_stage(model.headline),
        "kinds": [_pack_stage(kind) for kind in model.kinds],
        "markup": model.markup and _pack_stage(model.markup),
        "keywords": [list(pair) for pair in model.keywords],
        "metadata": model.metadata,
    }
    with written_whole(Path(path)) as temporary:
        joblib.dump(content, temporary, compress=("zlib", 9))


def load_model(path: str | PathLike[str]) -> LineModel:
    """Read a model written by `save_model`.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    LineModel

    Raises
    ------
    ArtifactError
        If the file is not a model, is damaged, refers to a class or function, or was made for other features or
        another format version.
    """
    content = read_content(path)
    _check_version(content, path)
    try:
        names1, names2 = stage_names()
        model = LineModel(
            _unpack_stage(content["first"], names1),
            _unpack_stage(content["second"], names2),
            _unpack_words(content),
            _check_number(content["threshold"], 0.0, 1.0),
            dict(content["metadata"]),
            None if content["decoder"] is None else _unpack_stage(content["decoder"], stage3_names()),
            _unpack_keywords(content.get("keywords", [])),
            None if content.get("headline") is None else _unpack_stage(content["headline"], names2),
            _unpack_kinds(content["kinds"], names1),
            None if content["markup"] is None else _unpack_stage(content["markup"], markup_names()),
        )
        _log.debug("model %s: threshold %.3f", path, model.threshold)
        return model
    except READ_ERRORS as error:
        raise ArtifactError(f"{path}: damaged model file ({error}): download or train it again") from error


@cache
def default_model() -> LineModel:
    """Return the model that ships with dechaff, read once.

    Returns
    -------
    LineModel
    """
    return load_model(str(files("dechaff").joinpath("artifacts", "default.joblib")))


def model_digest(path: str | PathLike[str] | None) -> str:
    """Return the SHA-256 of a model file, or of the model that ships with dechaff if `path` is None."""
    shipped = files("dechaff").joinpath("artifacts", "default.joblib")
    return hashlib.sha256((shipped if path is None else Path(path)).read_bytes()).hexdigest()


def read_content(path: str | PathLike[str]) -> dict[str, Any]:
    """Read the plain values of a model file without checking the model's arrays.

    Raises
    ------
    ArtifactError
        If the file is missing, too large, damaged or not a model, or refers to a class or function.
    """
    content = read_plain(path)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ArtifactError(f"{path}: not a dechaff model: train one with 'dechaff train'")
    return content


def _check_version(content: dict[str, Any], path: str | PathLike[str]) -> None:
    """Refuse a model of another format version or with other features."""
    version = content.get("version")
    if type(version) is not int or version != VERSION:
        newer = type(version) is int and version > VERSION
        shown = str(version) if type(version) is int else "unknown"  # any other value may be huge
        todo = "upgrade dechaff" if newer else "train it again"
        raise ArtifactError(f"{path}: format version {shown}, but this dechaff reads version {VERSION}: {todo}")
    if content.get("specification") != specification():
        raise ArtifactError(
            f"{path}: made for the features {content.get('specification')!r:.40}, but this dechaff computes "
            f"{specification()}: train it again with 'dechaff train', or install the version that made the model"
        )


def _pack(name: str, array: NDArray[Any]) -> dict[str, Any]:
    packed = np.ascontiguousarray(array, _DTYPES[name])
    return {"dtype": _DTYPES[name], "shape": list(packed.shape), "data": packed.tobytes()}


def _unpack(content: dict[str, Any], name: str, *shape: int) -> NDArray[Any]:
    """Return an array, checked to have the expected type and shape; -1 in `shape` stands for any length.

    The size is determined by the bytes in the file, not by the shape that the file declares.
    """
    packed = content[name]
    array = np.frombuffer(packed["data"], _DTYPES[name]).reshape(shape)
    if packed["dtype"] != _DTYPES[name] or packed["shape"] != list(array.shape):
        raise ValueError(f"{name}: the type or shape is not {_DTYPES[name]} {array.shape}")
    return array


def _unpack_words(content: dict[str, Any]) -> NDArray[np.float32]:
    weights = _unpack(content, "word_weights", -1)
    if not 2 <= len(weights) <= _MAX_BUCKETS or len(weights) & (len(weights) - 1):
        raise ValueError(f"{len(weights)} word weights: not a power of two from 2 to {_MAX_BUCKETS}")
    return _check_weights(weights)


def _unpack_keywords(pairs: list[Any]) -> Keywords:
    if len(pairs) > _MAX_KEYWORDS:
        raise ValueError(f"too many keywords: {len(pairs)}, at most {_MAX_KEYWORDS}")
    return check_keywords((family, phrase) for family, phrase in pairs)


def _check_weights(weights: NDArray[Any]) -> NDArray[np.float32]:
    array = weights.astype(np.float32)
    if not (np.abs(array) <= _MAX_WEIGHT).all():  # false for NaN as well
        raise ValueError(f"a weight is not a number between -{_MAX_WEIGHT:g} and {_MAX_WEIGHT:g}")
    return array


def _check_number(value: Any, low: float, high: float) -> float:
    number = float(value)
    if not low <= number <= high:
        raise ValueError(f"{number} is not between {low:g} and {high:g}")
    return number


def _pack_stage(stage: Stage) -> dict[str, Any]:
    arrays = {name: _pack(name, getattr(stage, name)) for name in ("means", "scales", "coefficients")}
    crosses = stage.crosses and {f.name: _pack(f.name, getattr(stage.crosses, f.name)) for f in fields(Crosses)}
    return {**arrays, "intercept": stage.intercept, "crosses": crosses}


def _unpack_stage(packed: dict[str, Any], names: tuple[str, ...]) -> Stage:
    means, scales, coefficients = (
        _check_weights(_unpack(packed, name, len(names))) for name in ("means", "scales", "coefficients")
    )
    if (scales <= 0).any():
        raise ValueError("a scale is not above zero")
    if not (np.abs(coefficients) <= _MAX_WEIGHT * scales).all():
        raise ValueError("a scale is too small for its weight")
    crosses = None if packed["crosses"] is None else _unpack_crosses(packed["crosses"], len(names))
    return Stage(names, means, scales, coefficients, _check_number(packed["intercept"], -1e6, 1e6), crosses)


def _unpack_kinds(packed: list[Any], names: tuple[str, ...]) -> tuple[Stage, ...]:
    if len(packed) not in (0, len(LEARNT_KINDS)):
        raise ValueError(f"regressions for {len(packed)} kinds instead of {len(LEARNT_KINDS)}")
    return tuple(_unpack_stage(kind, names) for kind in packed)


def _unpack_crosses(packed: dict[str, Any], n_features: int) -> Crosses:
    features = _unpack(packed, "features", -1, SPLITS_PER_TREE)
    n_trees = len(features)
    thresholds = _unpack(packed, "thresholds", n_trees, SPLITS_PER_TREE)
    leaves = _unpack(packed, "leaves", n_trees, 256)
    weights = _check_weights(_unpack(packed, "weights", n_trees, SPLITS_PER_TREE + 1))
    if n_trees > _MAX_TREES:
        raise ValueError(f"too many trees: {n_trees}, at most {_MAX_TREES}")
    if np.isnan(thresholds).any():
        raise ValueError("trees: a threshold is not a number")
    if ((features < 0) | (features >= n_features)).any():
        raise ValueError(f"trees: a feature index is outside 0 to {n_features - 1}")
    if (leaves > SPLITS_PER_TREE).any():
        raise ValueError(f"trees: a leaf index is above {SPLITS_PER_TREE}")
    return Crosses(features, thresholds, leaves, weights)


def inspect_model(path: str | PathLike[str], limit: int = 20) -> dict[str, Any]:
    """Describe a model file without running anything in it.

    Parameters
    ----------
    path : path-like
    limit : int
        The number of weights to list for each stage and for words.

    Returns
    -------
    dict
        A description with the keys "metadata", "version", "threshold", "weights" and others. The weights are pairs
        of name and weight, strongest first, for stages 1 to 3 (the keys "first look", "second look" and "decoder"),
        "headline", "markup", "words" and each learnt kind, such as "kind comment"; only words of the lexicon are
        listed, because buckets have no names.

    Raises
    ------
    ArtifactError
        In the same cases as `load_model`.
    """
    model = load_model(path)
    pairs = {
        "first look": _named_weights(model.stage1),
        "second look": _named_weights(model.stage2),
        "decoder": _named_weights(model.stage3) if model.stage3 else {},
        "headline": _named_weights(model.headline) if model.headline else {},
        "markup": _named_weights(model.markup) if model.markup else {},
        "words": _lexicon_weights(model),
        **{f"kind {name}": _named_weights(kind) for name, kind in zip(LEARNT_KINDS, model.kinds, strict=False)},
    }
    return {
        "path": str(path),
        "version": VERSION,
        "specification": specification(),
        "threshold": model.threshold,
        "n_features": {"first look": len(model.stage1.names), "second look": len(model.stage2.names)},
        "n_crosses": model.stage2.crosses.n_trees if model.stage2.crosses else 0,
        "n_keywords": len(model.keywords),
        "n_word_weights": int(np.count_nonzero(model.word_weights)),
        "metadata": model.metadata,
        "weights": {part: _strongest(weights, limit) for part, weights in pairs.items()},
    }


def _named_weights(stage: Stage) -> dict[str, float]:
    return dict(zip(stage.names, stage.coefficients.tolist(), strict=True))


def _strongest(weights: dict[str, float], limit: int) -> list[tuple[str, float]]:
    return sorted(weights.items(), key=lambda item: -abs(item[1]))[:limit]


def _lexicon_weights(model: LineModel) -> dict[str, float]:
    """Return the weight of each word of the lexicon; the words in other buckets are unknown."""
    texts = sorted({entry.phrase for entry in read_entries()})
    batch = LineBatch.from_texts(["\n".join(texts)])
    words = find_words(batch)
    terms = next(iter(word_terms(words, model.n_bits)))
    named = {}
    for start, end, bucket in zip(words.starts.tolist(), words.ends.tolist(), terms.buckets.tolist(), strict=True):
        named[batch.texts[0][start:end]] = float(model.word_weights[bucket])
    return named
