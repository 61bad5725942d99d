"""One forward pass: nothing is computed twice."""

import sys
from collections import Counter
from typing import Any

import pytest

from dechaff import LineModel, classify_lines
from dechaff.linear import forward

TITLE = "The council repairs the bridge"
ARTICLE = (
    f"{TITLE}\nThe council voted on Tuesday to repair the old bridge.\nSubscribe now for ₹900 per month\nShare"
)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> "Counter[str]":
    """Count the calls that read the article, from whichever module they come."""
    counts: Counter[str] = Counter()

    def count(name: str) -> None:
        """Replace a function, wherever it was imported, by one that counts and calls it."""
        function = getattr(forward, name)

        def counted(*args: Any) -> Any:
            """Count the call if it reads the article."""
            batch = next(getattr(arg, "batch", arg) for arg in args)
            counts[name] += batch.texts == [ARTICLE]
            return function(*args)

        for module in [module for key, module in sys.modules.items() if key.startswith("dechaff.")]:
            if getattr(module, name, None) is function:
                monkeypatch.setattr(module, name, counted)

    for name in ("find_words", "line_features", "context_features"):
        count(name)
    return counts


def test_classify_why_and_kind_share_one_pass(model: LineModel, calls: "Counter[str]") -> None:
    """Labels, reasons, sentences and kinds of an article with a title compute words, features and context once."""
    lines = classify_lines(ARTICLE, model, title=TITLE)
    assert all(line.why() for line in lines)
    assert all(line.reasons() for line in lines)
    assert lines[-1].kind == "share"
    assert calls == {"find_words": 1, "line_features": 1, "context_features": 1}
