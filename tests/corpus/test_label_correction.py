"""Labels of pages that nobody read, corrected by a model that sees their markup."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import BODY, write_pages

from dechaff import CorpusError, default_model
from dechaff.text.lines import split_lines
from dechaff_training.corpus import BOILERPLATE, CONTENT, MASKED, Corpus
from dechaff_training.corpus.extraction import extract
from dechaff_training.corpus.label_correction import correct, correct_unread
from dechaff_training.corpus.policy_labels import digest_line
from dechaff_training.fit.estimator import LineClassifier
from dechaff_training.fit.training import correct_labels

pa = pytest.importorskip("pyarrow", reason="needs the bulk extra: pip install 'dechaff[bulk]'")
parquet = pytest.importorskip("pyarrow.parquet")
pytest.importorskip("resiliparse", reason="needs the html extra: pip install 'dechaff[html]'")

WHAT = ("needs a new roof and new doors", "lost half of its visitors in two years", "will be shut in the winter")
TEASER = (
    "The ferry across the bay will not sail this week, because its only engine is being repaired in the harbour."
)


def page(name: str, body: Sequence[str] = BODY, teaser: str = TEASER, **columns: Any) -> dict[str, Any]:
    """Return a page whose gold takes a linked teaser for the last paragraph."""
    menu = "".join(f"<li><a href=/{item}>{item}</a>" for item in ("Home", "Sport", "Weather", "Markets"))
    teasers = f"<aside class=related><h3>Related</h3><ul><li><a href=/ferry>{teaser}</a></ul></aside>"
    paragraphs = "".join(f"<p>{paragraph}</p>" for paragraph in body)
    html = f"<html><nav><ul>{menu}</ul></nav><article><h1>The mill</h1>{paragraphs}</article>{teasers}</html>"
    row = {"id": f"post/{name}", "source": "post", "site": "post.example", "language": "en", "page_type": "article"}
    gold = {"title": "The mill", "html": html, "body": [*body, teaser], "present": None, "absent": None}
    return row | gold | columns


def labels(corpus: Corpus, extractor: str) -> dict[str, int]:
    """Return the label of each line of the only text by an extractor."""
    (article,) = (each for each in corpus if each.extractor == extractor)
    return dict(zip(filter(None, article.text.splitlines()), article.labels.tolist(), strict=True))


def teaser_label(corpus: Corpus, extractor: str) -> int:
    """Return the label of the line that ends with the teaser; extractors print its bullet differently."""
    (label,) = (label for line, label in labels(corpus, extractor).items() if line.endswith(TEASER))
    return label


@pytest.mark.parametrize(
    ("label", "probability", "corrected"),
    [
        (CONTENT, 0.9, CONTENT),
        (CONTENT, 0.5, CONTENT),
        (CONTENT, 0.2, MASKED),
        (BOILERPLATE, 0.8, MASKED),
        (BOILERPLATE, 0.4, BOILERPLATE),
        (MASKED, 0.8, CONTENT),
        (MASKED, 0.2, BOILERPLATE),
        (MASKED, 0.5, MASKED),
    ],
)
def test_a_line(label: int, probability: float, corrected: int) -> None:
    """A sure model labels unknown lines and masks labels that clash; an unsure one changes nothing."""
    assert correct(np.array([label], np.int8), np.array([probability])).tolist() == [corrected]


def test_pages(tmp_path: Path) -> None:
    """A teaser that the gold takes for the article is masked in the texts of all extractors, the body is kept."""
    file = write_pages(tmp_path / "pages.parquet", page("mill"))
    extractors = ["resiliparse_all", "html_text"]
    before = Corpus.read(file, extractors=extractors, cache=tmp_path / "cache", all_markup=True)
    after = Corpus(correct_unread(before.articles, default_model()))
    for extractor in extractors:
        assert teaser_label(before, extractor) == CONTENT
        assert teaser_label(after, extractor) == MASKED
        assert [labels(after, extractor)[line] for line in BODY] == [CONTENT] * 3
    assert all(article.corrected and article.markup is None and article.roles is None for article in after)
    none_to_correct = before.select(lambda article: article.extractor == "html_text")
    unchanged = Corpus(correct_unread(none_to_correct.articles, default_model()))
    assert np.concatenate(unchanged.labels).tolist() == np.concatenate(none_to_correct.labels).tolist()


def read_page(row: dict[str, Any]) -> dict[str, Any]:
    """Return the labels of a page's lines by reading, by digest: body and headline are content."""
    text = extract(row["html"], "resiliparse_all")
    lines = [text[start:end] for start, end in split_lines(text)]
    named = [
        {
            "digest": digest_line(line),
            "label": "content" if line in (*row["body"][:-1], "The mill") else "boilerplate",
        }
        for line in lines
    ]
    return {"id": row["id"], "site": row["site"], "lines": named, "title": None, "page_kind": "article"}


def test_training(tmp_path: Path) -> None:
    """A model fitted to pages that were read corrects the page that was not; without such pages there is an error."""
    places = ("harbour", "market", "library", "station", "orchard", "museum", "quarry", "school")
    rows = [
        page(
            "1",
            [
                f"The {place} {what}, a report to the council said on Monday, because nobody pays for it."
                for what in WHAT
            ],
            f"Neighbours of the {place} met in the town hall to plan a festival with music and food for the spring.",
            id=f"{place}/1",
            site=f"{place}.example",
        )
        for place in places
    ]
    write_pages(tmp_path / "pages.parquet", *rows, page("mill"))
    labelled = [read_page(row) for row in rows]
    parquet.write_table(pa.Table.from_pylist(labelled), tmp_path / "read.parquet")
    classifier = LineClassifier(n_trees=0, n_bits=12)
    unread = Corpus.read(
        tmp_path / "pages.parquet", extractors=["resiliparse_all"], cache=tmp_path / "cache", all_markup=True
    )
    with pytest.raises(CorpusError, match="from 0 sites"):
        correct_labels(unread, classifier, print)
    corpus = Corpus.read(
        tmp_path / "pages.parquet",
        tmp_path / "read.parquet",
        extractors=["resiliparse_all"],
        cache=tmp_path / "cache",
        all_markup=True,
    )
    before = corpus.select(lambda article: article.roles is None)
    after = correct_labels(corpus, classifier, print).select(lambda article: article.roles is None)
    assert [teaser_label(each, "resiliparse_all") for each in (before, after)] == [CONTENT, MASKED]
