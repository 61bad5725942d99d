"""The docstrings of the public functions: every parameter described, and what is returned."""

import dataclasses
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import dechaff


def public_functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield the functions that `dechaff` exports, and the methods of the classes that it exports."""
    for name in dechaff.__all__:
        thing = getattr(dechaff, name)
        if inspect.isclass(thing) and dataclasses.is_dataclass(thing):
            for method, function in inspect.getmembers(thing, callable):
                if not method.startswith("_") and getattr(function, "__module__", "").startswith("dechaff"):
                    yield f"{name}.{method}", function
        elif not inspect.isclass(thing):
            yield name, thing


FUNCTIONS = dict(public_functions())


def sections(function: Callable[..., Any]) -> dict[str, str]:
    """Return the sections of a numpydoc docstring by their titles."""
    parts = re.split(r"^(\w+)\n-{3,}\n", inspect.getdoc(function) or "", flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_parameters_and_results_are_documented(name: str) -> None:
    """Every parameter is listed, `model` is described, and functions that return something say what."""
    function = FUNCTIONS[name]
    signature, found = inspect.signature(function), sections(function)
    rows = re.findall(r"^([\w, ]+) : ", found.get("Parameters", ""), re.MULTILINE)
    listed = [each for row in rows for each in row.split(", ")]
    assert sorted(listed) == sorted(set(signature.parameters) - {"self"})
    assert (signature.return_annotation in (None, "None")) == (not {"Returns", "Yields"} & set(found))
    assert "model" not in listed or re.search(r"^model : .*\n +\w", found["Parameters"], re.MULTILINE)


def test_there_are_functions_to_test() -> None:
    """The list covers the functions and methods of everyday use."""
    assert {"keep_content", "clean_array", "LineModel.with_keywords", "LabelledLine.why"} <= set(FUNCTIONS)
