"""Figures by the label policy, on pages that a reader labelled."""

import numpy as np
import pytest
from helpers import constant_model

from dechaff import CorpusError, LineModel
from dechaff_training.corpus import Article, Corpus
from dechaff_training.evaluate.evaluation import evaluate
from dechaff_training.evaluate.policy import (
    FIGURES,
    POLICY_KINDS,
    compare_outputs,
    evaluate_policy,
    kept_lines,
    policy_table,
)

PROSE = "The mill at the weir closed on Monday, its owner said, after two hundred years of work."
LINES = ("Menu", "The mill shuts", PROSE, "Photo: Ann Lee", "Ann Lee writes about mills.")


def read_page(name: str = "1", labels: tuple[int, ...] = (0, 1, 1, 0, 0)) -> Article:
    """Return a page with labels by reading."""
    return Article(
        "\n".join(LINES),
        np.array(labels, np.int8),
        f"site{name}",
        f"post/{name}",
        "post",
        extractor="resiliparse_all",
        title=LINES[1],
        roles=("", "headline", "lead", "", ""),
        policy_kinds=("navigation", "", "", "caption", "bio"),
    )


def figures_of(model: LineModel, *pages: Article) -> dict[str, float]:
    """Return the figures of a model without titles."""
    return {name: estimate.value for name, estimate in evaluate_policy(pages, model)[0].figures.items()}


def test_keeping_everything() -> None:
    """A model that keeps all lines keeps all roles, drops no kind, and has the precision of the words' share."""
    figures = figures_of(constant_model(5.0), read_page())
    n_words = [1, 3, 17, 3, 5]
    assert figures["recall"] == figures["headline_kept"] == figures["lead_kept"] == figures["short_kept"] == 1
    assert figures["precision"] == pytest.approx(20 / sum(n_words))
    assert figures["f1_without_headline"] == pytest.approx(2 * 17 / (17 + sum(n_words) - 3))
    assert [figures[f"{kind}_dropped"] for kind in ("navigation", "caption", "bio")] == [0, 0, 0]
    assert np.isnan(figures["comment_dropped"])
    assert np.isnan(figures["standfirst_kept"])


def test_doubtful_lines_do_not_count() -> None:
    """A masked line changes no figure of the others: here a caption that is kept costs no precision."""
    figures = figures_of(constant_model(5.0), read_page(labels=(0, 1, 1, -1, 0)))
    assert figures["precision"] == pytest.approx(20 / 26)
    assert np.isnan(figures["caption_dropped"])


def test_a_title_keeps_the_headline(model: LineModel) -> None:
    """The shipped model is measured without titles and with them; a title never loses the headline."""
    without, with_title = evaluate_policy([read_page(), read_page("2")], model)
    assert (without.system, with_title.system) == ("dechaff", "dechaff, with title")
    assert with_title.figures["headline_kept"].value == 1 >= without.figures["headline_kept"].value
    assert set(without.to_dict()["figures"]) == set(FIGURES)


@pytest.mark.parametrize(
    ("output", "kept"),
    [
        ("\n".join(LINES), [1, 1, 1, 1, 1]),
        (f"The mill shuts {PROSE}", [0, 1, 1, 0, 0]),
        (PROSE.replace(", its owner said,", ""), [0, 0, 1, 0, 0]),
        (PROSE[:50], [0, 0, 1, 0, 0]),
        (PROSE[:20], [0, 0, 0, 0, 0]),
        ("", [0, 0, 0, 0, 0]),
    ],
    ids=["all", "joined", "edited", "half", "a piece", "nothing"],
)
def test_lines_of_a_peer(output: str, kept: list[int]) -> None:
    """A peer keeps a line if half of its words align with the output, wherever the peer breaks its lines."""
    assert kept_lines("\n".join(LINES), output).tolist() == [bool(each) for each in kept]


def test_peers_are_measured_on_the_same_lines(model: LineModel) -> None:
    """With HTML, extractors stand beside the model, alone and with the model behind them."""
    pytest.importorskip("trafilatura", reason="needs the peers extra: pip install 'dechaff[peers]'")
    html = "".join(f"<p>{line}</p>" for line in LINES)
    rows = evaluate_policy([read_page()], model, {"post/1": html}, peers=("html_text",))
    assert [row.system for row in rows] == ["dechaff", "dechaff, with title", "html_text", "html_text -> dechaff"]
    assert rows[2].figures["recall"].value == 1
    assert len(policy_table(rows).rows) == len(FIGURES) == 8 + len(POLICY_KINDS)


def test_any_output_is_measured_on_the_same_lines() -> None:
    """What a system prints is judged by the lines in it, wherever it breaks them."""
    whole, joined = compare_outputs([read_page()], {"all": ["\n".join(LINES)], "two": [f"The mill shuts {PROSE}"]})
    assert (whole.system, joined.system) == ("all", "two")
    assert whole.figures["precision"].value == pytest.approx(20 / 29)
    assert joined.figures["f1"].value == joined.figures["headline_kept"].value == 1


def test_no_pages() -> None:
    """Without pages there is nothing to measure."""
    with pytest.raises(CorpusError, match="a reader labelled"):
        evaluate_policy([], constant_model(0.0))


def test_evaluation_leads_with_these_figures(model: LineModel) -> None:
    """`evaluate` puts the table of pages labelled by reading first, and only where there are some."""
    evaluation = evaluate(model, Corpus([read_page(), read_page("2")]), n_resamples=10)
    assert evaluation.tables()[0].title == "Lines labelled by reading, 2 pages"
    assert len(evaluation.to_dict()["policy"]) == 2
    plain = Article("\n".join(LINES), np.array([0, 1, 1, 0, 0], np.int8), "s", "s/1", "articles")
    assert evaluate(model, Corpus([plain]), n_resamples=10).policy == []
