"""Tables for the terminal."""

import pytest

from dechaff_training.report.rendering import print_model


def test_weights_say_what_they_are_for(capsys: pytest.CaptureFixture[str]) -> None:
    """A positive weight is for content, and in the regression of a kind of boilerplate for lines of that kind."""
    weights = [("is_long", 2.0), ("is_short", -1.0)]
    print_model({"metadata": {}, "weights": {"first look": weights, "kind comment": weights}})
    rows = [row.split(maxsplit=2) for row in capsys.readouterr().out.splitlines() if " is_" in row]
    assert [row[2].strip() for row in rows] == ["content", "boilerplate", "comment", "not comment"]
