"""What several commands have in common: how they behave, and options."""

import codecs
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from dechaff_training.files.text_io import STANDARD, Decoding

#: How every command line of the project behaves: parameters of `typer.Typer`.
BEHAVIOUR: Final[dict[str, Any]] = {
    "add_completion": False,
    "rich_markup_mode": "rich",
    "pretty_exceptions_enable": False,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}


class OnError(Enum):
    """What to do about bytes that are not in the encoding."""

    strict = "strict"
    replace = "replace"


class LabelFormat(Enum):
    """In which form labels come and go."""

    text = "text"
    label_studio = "label-studio"
    dolma = "dolma"


Files = Annotated[
    list[Path] | None,
    typer.Argument(metavar="FILES", help="Texts; '-' or none for standard input.", show_default=False),
]
Title = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT",
        help="The article's title, with the site's name or without: the headline stays, copies of it go rather.",
        show_default=False,
    ),
]
Url = Annotated[str | None, typer.Option(metavar="URL", help="The page's address, to know the headline by.")]
Encoding = Annotated[str, typer.Option(metavar="NAME", help="How the input is encoded; output is UTF-8.")]
Errors = Annotated[OnError, typer.Option(help="What to do about bytes that are not in the encoding.")]
ModelFile = Annotated[
    Path | None,
    typer.Option("--model", "-m", help="A model file; by default the one that ships.", show_default=False),
]


def number_or_name(value: str) -> float | str:
    """Read a threshold; whether a name is one of the model's is for the model to say."""
    try:
        number = float(value)
    except ValueError:
        return value
    if not 0 <= number <= 1:
        raise typer.BadParameter(f"{value} is not from 0 to 1")
    return number


Corpora = Annotated[
    list[Path],
    typer.Argument(metavar="CORPUS", help="Labelled .txt or .jsonl, pages in .parquet, or folders of them."),
]
Extractors = Annotated[
    list[str] | None,
    typer.Option("--extractor", "-x", metavar="NAME", help="Which extractor's texts to take of pages; repeat it."),
]
Extractor = Annotated[str, typer.Option("--extractor", "-x", metavar="NAME", help="What makes text of HTML.")]
JsonFile = Annotated[
    Path | None,
    typer.Option("--json", metavar="FILE", help="Write the figures as JSON; '-' for standard output."),
]
Json = Annotated[bool, typer.Option("--json", help="Write JSON, a record a line.")]
Threshold = Annotated[
    Any,
    typer.Option(
        parser=number_or_name,
        metavar="NUMBER|NAME",
        help="Keep lines from this probability of content on; lower keeps more. Or a preset of the model: "
        "precision, balanced, recall.",
        show_default=False,
    ),
]


def phrases(keywords: list[str] | None) -> dict[str, list[str]] | None:
    """Read `FAMILY=PHRASE` pairs; whether there is such a family is for the lexicon to say."""
    found: dict[str, list[str]] = {}
    for keyword in keywords or ():
        family, equals, phrase = keyword.partition("=")
        if not equals:
            raise typer.BadParameter(f"{keyword!r} is not FAMILY=PHRASE", param_hint="'--keyword' / '-k'")
        found.setdefault(family.strip(), []).append(phrase.strip())
    return found or None


Keywords = Annotated[
    list[str] | None,
    typer.Option(
        "--keyword",
        "-k",
        metavar="FAMILY=PHRASE",
        help="A phrase that counts as those of a family do: subscribe, related, newsletter, …; repeat it.",
        show_default=False,
    ),
]


def article_paths(files: list[Path] | None, title: str | None, url: str | None) -> tuple[Path, ...]:
    """Name the inputs; a title or an address can only be that of one."""
    paths = tuple(files or [STANDARD])
    for value, name in ((title, "--title"), (url, "--url")):
        if value is not None and len(paths) > 1:
            raise typer.BadParameter(
                f"{len(paths)} inputs: give the one that it belongs to", param_hint=f"'{name}'"
            )
    return paths


def make_decoding(encoding: str, errors: OnError) -> Decoding:
    """Take an encoding by its name; there may be none of that name."""
    try:
        codecs.lookup(encoding)
        b"-".decode(encoding, "replace")  # refuses codecs that are not for text
    except LookupError as error:
        raise typer.BadParameter(f"there is no text encoding {encoding!r}", param_hint="'--encoding'") from error
    return Decoding(encoding, errors.value)
