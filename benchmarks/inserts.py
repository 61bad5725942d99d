"""Measure whether paragraphs behind an insert are kept: python benchmarks/inserts.py PAGES --json inserts.json.

Eight paragraphs of a real article, with the lines around them, are interrupted behind the second and the sixth
paragraph: by a share bar, a newsletter form, a box of related links and others. The figure is the share of the
words behind the insert that are dropped, less the share that is dropped without it. Use pages of sites that the
model was not trained on.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from dechaff import default_model, load_model
from dechaff.decisions.decide import decide
from dechaff.linear.line_model import LineModel
from dechaff_training.corpus import CONTENT, Article, Corpus
from dechaff_training.corpus.text_matching import line_texts
from dechaff_training.evaluate.metrics import Resamples, ratio

INSERTS: Final[dict[str, Sequence[str]]] = {
    "share bar": ("Share", "Facebook", "Twitter", "WhatsApp", "Email", "Copy link"),
    "share bar in one line": ("Share on Facebook Tweet Pin it Email Print",),
    "newsletter": (
        "Sign up for our newsletter",
        "The best stories, every morning in your inbox.",
        "Email",
        "Sign up",
    ),
    "related": ("Related", "Mayor rejects plan for second bridge", "Ten walks for a wet weekend", "Read more"),
    "read also": ("Read also: Harbour fees to rise for the third year in a row",),
    "consent": (
        "This content is hosted by a third party.",
        "To view it, you must accept its cookies.",
        "Accept",
        "Settings",
    ),
    "advert": ("Advertisement", "Story continues below"),
    "player": ("Video Player is loading.", "Play", "Mute", "Current Time 0:00", "Duration 1:24", "Close"),
    "appeal": (
        "Support independent journalism",
        "We depend on our readers. From £1 a month you can help.",
        "Donate",
    ),
    "app": ("Get the app", "Breaking news first, on your phone", "Download now"),
}
PLACES: Final = (2, 6)
_PARAGRAPHS: Final = 8
_PARAGRAPH_CHARS: Final = 80
_AROUND: Final = 15


def main() -> None:
    """Print a table of kinds of inserts, and write it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", type=Path, nargs="+", help="files or folders of labelled articles and pages")
    parser.add_argument("--model", type=Path, help="a model file; by default the shipped model")
    parser.add_argument("--json", type=Path, help="file for the figures")
    arguments = parser.parse_args()
    model = load_model(arguments.model) if arguments.model else default_model()
    corpus = Corpus.read(*arguments.pages, extractors=("resiliparse_all",))
    figures = measure(model, corpus.articles)
    for name, figure in figures.items():
        print(f"{name:24}{figure['dropped']:8.3f} [{figure['low']:.3f}, {figure['high']:.3f}]")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")


def measure(model: LineModel, articles: Sequence[Article], n_resamples: int = 1000) -> dict[str, dict[str, float]]:
    """Return for each kind of insert the share of words behind it that are dropped because of it."""
    usable = [(article.site, layout) for article in articles if (layout := _layout(article)) is not None]
    resamples = Resamples([site for site, _ in usable], n_resamples, 0)
    found = {}
    sums: Any = []
    for kind, insert in INSERTS.items():
        columns = np.array([_dropped(model, layout, insert) for _, layout in usable], np.float64)
        sums.append(columns)
        found[kind] = _estimate(resamples, columns)
    found["all"] = _estimate(resamples, np.sum(sums, axis=0))
    found["n_articles"] = {"dropped": len(usable), "low": len(usable), "high": len(usable)}
    return found


def _estimate(resamples: Resamples, columns: np.ndarray[Any, np.dtype[np.float64]]) -> dict[str, float]:
    sums = resamples.sums(columns)
    estimate = resamples.estimate(ratio(sums[:, 0], sums[:, 2]) - ratio(sums[:, 1], sums[:, 2]))
    return {"dropped": estimate.value, "low": estimate.low, "high": estimate.high}


def _layout(article: Article) -> tuple[list[str], list[str], list[str]] | None:
    """Return the lines before eight paragraphs of an English article, the paragraphs, and the lines behind them."""
    if article.language != "en" or article.silver or article.page_type != "article":
        return None
    lines = line_texts(article.text)
    content = [i for i, label in enumerate(article.labels.tolist()) if label == CONTENT]
    long = [i for i in content if len(lines[i]) >= _PARAGRAPH_CHARS]
    if len(long) < _PARAGRAPHS:
        return None
    head = lines[max(content[0] - _AROUND, 0) : long[0]]
    return head, [lines[i] for i in long[:_PARAGRAPHS]], lines[content[-1] + 1 : content[-1] + 1 + _AROUND]


def _dropped(
    model: LineModel, layout: tuple[list[str], list[str], list[str]], insert: Sequence[str]
) -> list[float]:
    """Return the words behind the inserts: those dropped with it, dropped without it, and all."""
    head, paragraphs, tail = layout
    sums = np.zeros(3)
    plain = _kept(model, [*head, *paragraphs, *tail])[len(head) :]
    for place in PLACES:
        kept = _kept(model, [*head, *paragraphs[:place], *insert, *paragraphs[place:], *tail])
        first = len(head) + place + len(insert)
        for offset, paragraph in enumerate(paragraphs[place:]):
            n_words = len(paragraph.split())
            sums += n_words * np.array([not kept[first + offset], not plain[place + offset], 1])
    return sums.tolist()


def _kept(model: LineModel, lines: Sequence[str]) -> list[bool]:
    decision = next(decide(["\n".join(lines)], model))
    kept: list[bool] = decision.kept.tolist()
    return kept


if __name__ == "__main__":
    main()
