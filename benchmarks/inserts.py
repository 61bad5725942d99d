"""Measure whether paragraphs behind an insert are kept: python benchmarks/inserts.py PAGES --json inserts.json.

Eight paragraphs of a real article, with the lines around them, are interrupted behind the second or the sixth
paragraph: by a share bar, a newsletter form, a box of related links and others. The two places are two separate
texts, with one insert each. The figure is the share of the words behind the insert that are dropped, less the share
that is dropped without it. Only articles in English are used. Choose pages of sites that the model was not trained
on.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from dechaff._typing import Flags, Values
from dechaff.errors import DechaffError
from dechaff.files import written_whole
from dechaff.linear.artifact import model_digest
from dechaff.linear.line_model import LineModel
from dechaff_training.corpus import CONTENT, Article, Corpus
from dechaff_training.corpus.text_matching import line_texts
from dechaff_training.evaluate.metrics import Estimate, Resamples, ratio
from dechaff_training.evaluate.policy import lines_kept_by
from dechaff_training.files.models import load

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


class Layout(NamedTuple):
    """Eight paragraphs of an article, and the lines before and behind them."""

    site: str
    head: list[str]
    paragraphs: list[str]
    tail: list[str]

    def interrupt(self, place: int, insert: Sequence[str]) -> str:
        """Return the text with an insert behind so many paragraphs."""
        return "\n".join([*self.head, *self.paragraphs[:place], *insert, *self.paragraphs[place:], *self.tail])


def main() -> None:
    """Print a table of kinds of inserts, and write it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", type=Path, nargs="+", help="files or folders of labelled articles and pages")
    parser.add_argument("--model", type=Path, help="a model file; by default the shipped model")
    parser.add_argument("--json", type=Path, help="file for the figures")
    arguments = parser.parse_args()
    try:
        model = load(arguments.model)
        articles = Corpus.read(*arguments.pages, extractors=("resiliparse_all",)).articles
    except DechaffError as error:
        parser.error(str(error))
    layouts = [layout for layout in map(find_layout, articles) if layout is not None]
    if not layouts:
        parser.error(f"no English article has {_PARAGRAPHS} paragraphs: give other pages")
    figures = measure(model, layouts)
    if arguments.json:
        settings = {"model_sha256": model_digest(arguments.model), "n_articles": len(layouts)}
        record = {"settings": settings, "inserts": {name: each.to_dict() for name, each in figures.items()}}
        with written_whole(arguments.json) as temporary:
            temporary.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    print(f"Words dropped behind an insert, {len(layouts):,} articles")
    for name, figure in figures.items():
        print(f"{name:24}{figure.value:8.3f} [{figure.low:.3f}, {figure.high:.3f}]")


def find_layout(article: Article) -> Layout | None:
    """Return the first paragraphs of an article; None if it is not in English, or has too few of them."""
    if article.language != "en" or article.silver or article.page_type != "article":
        return None
    lines = line_texts(article.text)
    content = [i for i, label in enumerate(article.labels.tolist()) if label == CONTENT]
    long = [i for i in content if len(lines[i]) >= _PARAGRAPH_CHARS]
    if len(long) < _PARAGRAPHS:
        return None
    head = lines[max(content[0] - _AROUND, 0) : long[0]]
    tail = lines[content[-1] + 1 : content[-1] + 1 + _AROUND]
    return Layout(article.site, head, [lines[i] for i in long[:_PARAGRAPHS]], tail)


def measure(model: LineModel, layouts: Sequence[Layout], n_resamples: int = 1000) -> dict[str, Estimate]:
    """Return for each kind of insert the share of words behind it that are dropped because of it."""
    resamples = Resamples([layout.site for layout in layouts], n_resamples, 0)
    plain = _kept_paragraphs(model, layouts, 0, ())
    columns = {kind: _count_dropped(model, layouts, insert, plain) for kind, insert in INSERTS.items()}
    columns["all"] = np.sum(list(columns.values()), axis=0)
    return {kind: _estimate(resamples, each) for kind, each in columns.items()}


def _estimate(resamples: Resamples, columns: Values) -> Estimate:
    sums = resamples.sums(columns)
    return resamples.estimate(ratio(sums[:, 0], sums[:, 2]) - ratio(sums[:, 1], sums[:, 2]))


def _count_dropped(model: LineModel, layouts: Sequence[Layout], insert: Sequence[str], plain: Flags) -> Values:
    """Count each article's words behind the inserts: those dropped with it, dropped without it, and all."""
    n_words = np.array([[len(paragraph.split()) for paragraph in layout.paragraphs] for layout in layouts])
    counts = np.zeros((len(layouts), 3))
    all_words = np.ones_like(plain)
    for place in PLACES:
        behind = np.arange(_PARAGRAPHS) >= place
        kept = _kept_paragraphs(model, layouts, place, insert)
        counts += np.stack([(n_words * flags * behind).sum(axis=1) for flags in (~kept, ~plain, all_words)], axis=1)
    return counts


def _kept_paragraphs(model: LineModel, layouts: Sequence[Layout], place: int, insert: Sequence[str]) -> Flags:
    """Return which paragraphs are kept, with an insert behind so many of them, shape (n_layouts, n_paragraphs)."""
    texts = [layout.interrupt(place, insert) for layout in layouts]
    kept = lines_kept_by(model, texts)
    places = np.arange(_PARAGRAPHS)
    places += len(insert) * (places >= place)
    return np.array([flags[len(layout.head) + places] for layout, flags in zip(layouts, kept, strict=True)])


if __name__ == "__main__":
    main()
