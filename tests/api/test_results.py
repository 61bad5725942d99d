"""Lines and articles as objects: small pickles, short reprs, dictionaries and tables."""

import json
import pickle
from dataclasses import asdict, fields, replace

import pytest

from dechaff import LineModel, classify_lines, clean_article
from dechaff.text.formats import Format

TEXT = "The council voted on Tuesday to repair the old bridge.\nShare\nSubscribe now for ₹900 per month"


def test_pickles_are_small_and_whole(model: LineModel) -> None:
    """A line pickles without the model that ships, also after its reasons were computed, and explains itself again."""
    line = classify_lines(TEXT)[2]
    wanted = line.kind, line.why(3), line.reasons(3)
    data = pickle.dumps(line)
    assert len(data) < 2000
    again = pickle.loads(data)  # noqa: S301
    assert again == line
    assert (again.kind, again.why(3), again.reasons(3)) == wanted
    own = classify_lines(TEXT, replace(model, threshold=0.9))[2]
    assert pickle.loads(pickle.dumps(own)).kind == own.kind  # noqa: S301


def test_reprs_are_short(model: LineModel) -> None:
    """Model, line and article print in a line."""
    assert repr(model) == "<LineModel: three stages, 188 features, 262,144 word weights, threshold 0.45>"
    assert len(repr(classify_lines(TEXT)[2])) < 200
    assert len(repr(clean_article(TEXT))) < 200


def test_dictionaries() -> None:
    """`to_dict` has plain values, with the kind."""
    article = clean_article(TEXT)
    record = json.loads(json.dumps(article.to_dict()))
    assert (record["n_lines"], record["n_kept"], record["text"]) == (3, 1, article.text)
    assert record["lines"][2] == article.lines[2].to_dict()
    assert set(record["lines"][2]) == {"text", "start", "end", "label", "probability", "kind"}


@pytest.mark.parametrize(
    ("package", "format", "text"),
    [
        ("pyromark", "markdown", "# Bridge\n\n" + TEXT.replace("\n", "\n\n- ") + "\n\n```\nls\n```\n"),
        ("resiliparse", "html", f"<h1>Bridge</h1><p>{TEXT}</p>".replace("\n", "</p><p>")),
    ],
)
def test_other_formats(package: str, format: Format, text: str) -> None:  # noqa: A002
    """Lines of Markdown and HTML pickle and become dictionaries like those of text; dropped lines have a kind."""
    pytest.importorskip(package)
    article = clean_article(text, format=format)
    for line, record in zip(article.lines, json.loads(json.dumps(article.to_dict()))["lines"], strict=True):
        data = pickle.dumps(line)
        assert len(data) < 2000
        again = pickle.loads(data)  # noqa: S301
        assert again == line
        assert again.to_dict() == line.to_dict() == record
        assert (record["kind"] is None) == (record["label"] == "content")


def test_tables_have_public_columns_alone() -> None:
    """Fields, `asdict` and a DataFrame of lines have no private columns."""
    lines = classify_lines(TEXT)
    names = ["text", "start", "end", "label", "probability"]
    assert [field.name for field in fields(lines[0])] == list(asdict(lines[0])) == names
    pd = pytest.importorskip("pandas", reason="needs pandas")
    assert pd.DataFrame(lines).columns.tolist() == names
