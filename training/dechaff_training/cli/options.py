"""Settings, options and checks that several commands share."""

import codecs
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from dechaff.errors import InputError
from dechaff.explain.kinds import KINDS, check_kinds, list_kinds
from dechaff_training.files.paths import find_articles
from dechaff_training.files.text_io import STANDARD, Decoding

if TYPE_CHECKING:
    from dechaff.api import Output as PageOutput
    from dechaff.text.formats import Format as ArticleFormat

#: Parameters of `typer.Typer` for every command line of the project.
BEHAVIOUR: Final[dict[str, Any]] = {
    "add_completion": False,
    "rich_markup_mode": "rich",
    "pretty_exceptions_enable": False,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}


class OnError(Enum):
    """Ways to handle bytes that are invalid in the encoding."""

    strict = "strict"
    replace = "replace"


class FormatName(Enum):
    """The formats of articles."""

    auto = "auto"
    text = "text"
    html = "html"
    markdown = "markdown"

    @property
    def format(self) -> "ArticleFormat":
        """Return the name as the functions of dechaff take it."""
        return self.value


class OutputName(Enum):
    """What HTML pages become."""

    text = "text"
    markdown = "markdown"

    @property
    def output(self) -> "PageOutput":
        """Return the name as the functions of dechaff take it."""
        return self.value


Files = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="FILES",
        help="Text, Markdown, HTML, or folders of them; '-' or none: standard input.",
        show_default=False,
    ),
]
Title = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT",
        help="Title of the article, with or without the site's name; helps to keep the headline and to "
        "drop its repetitions.",
        show_default=False,
    ),
]
Url = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Address of the page; used to find the headline if there is no title."),
]
Encoding = Annotated[str, typer.Option(metavar="NAME", help="Encoding of the input; output is UTF-8.")]
Errors = Annotated[OnError, typer.Option(help="What to do with bytes that are invalid in the encoding.")]
Format = Annotated[
    FormatName,
    typer.Option("--format", help="Format of the input; auto looks at each file's suffix, then at its content."),
]
ToOutput = Annotated[
    OutputName, typer.Option("--to", help="What HTML pages become; other inputs keep their format.")
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say which format each input was read as.")]
ModelFile = Annotated[
    Path | None,
    typer.Option("--model", "-m", metavar="FILE", help="Model file.", show_default="built-in model"),
]
Sites = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Site profile from 'dechaff profile': what several pages of the site have is less likely kept.",
        show_default=False,
    ),
]
SiteColumn = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Field of the page's site.", show_default="registered domain of the address"),
]
Corpora = Annotated[
    list[Path],
    typer.Argument(metavar="CORPUS", help="Labelled .txt or .jsonl files, .parquet pages, or folders of them."),
]
Extractors = Annotated[
    list[str] | None,
    typer.Option(
        "--extractor",
        "-x",
        metavar="NAME",
        help="Extractor whose texts of pages are used; may be repeated.",
        show_default="the five that dechaff is trained on",
    ),
]
Extractor = Annotated[
    str, typer.Option("--extractor", "-x", metavar="NAME", help="Extractor that converts HTML to text.")
]
JsonFile = Annotated[
    Path | None,
    typer.Option("--json", metavar="FILE", help="Write the figures as JSON; '-' is standard output."),
]
Separator = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT",
        help="Line between the texts of several inputs that go to one output; '' for an empty line.",
        show_default="none",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Write JSON, one record per line.")]
Keywords = Annotated[
    list[str] | None,
    typer.Option(
        "--keyword",
        "-k",
        metavar="FAMILY=PHRASE",
        help="Extra phrase of a keyword family: subscribe, related, newsletter, …; may be repeated.",
        show_default=False,
    ),
]


def _parse_kind(value: str) -> str:
    """Return the name of a kind of boilerplate."""
    try:
        return check_kinds(value)[0]
    except InputError as error:
        raise typer.BadParameter(str(error)) from error


KeepKinds = Annotated[
    list[str] | None,
    typer.Option(
        "--keep-kind",
        parser=_parse_kind,
        autocompletion=lambda: list(KINDS),
        metavar="KIND",
        help=f"Keep boilerplate of this kind: {list_kinds()}; may be repeated.",
        show_default=False,
    ),
]


_PRESETS: Final = ("precision", "balanced", "recall")


def _parse_threshold(value: str) -> float | str:
    """Parse a number between 0 and 1, or the name of a preset, which is checked against the model later."""
    try:
        number = float(value)
    except ValueError:
        return value
    if not 0 <= number <= 1:
        raise typer.BadParameter(f"{value} is not between 0 and 1")
    return number


Threshold = Annotated[
    Any,
    typer.Option(
        parser=_parse_threshold,
        autocompletion=lambda: list(_PRESETS),
        metavar="NUMBER|NAME",
        help="Keep lines with at least this probability of content; lower keeps more. Or a preset of the model: "
        f"{', '.join(_PRESETS)}.",
        show_default=False,
    ),
]


def examples(*commands: str) -> str:
    """Format example commands for the end of a help text, one per line."""
    return "\n".join(f"Example: [bold]dechaff {command}[/bold]" for command in commands)


def parse_keywords(keywords: list[str] | None) -> dict[str, list[str]] | None:
    """Parse `FAMILY=PHRASE` pairs; the families are checked against the lexicon later."""
    phrases: dict[str, list[str]] = {}
    for keyword in keywords or ():
        family, equals, phrase = keyword.partition("=")
        if not equals:
            raise typer.BadParameter(
                f"{keyword!r} does not have the form FAMILY=PHRASE", param_hint="'--keyword' / '-k'"
            )
        phrases.setdefault(family.strip(), []).append(phrase.strip())
    return phrases or None


def article_paths(files: list[Path] | None, title: str | None, url: str | None) -> tuple[Path, ...]:
    """Return the inputs, by default standard input, and the files of folders; refuse a title or URL for several."""
    paths = find_articles(files or [STANDARD])
    for value, name in ((title, "--title"), (url, "--url")):
        if value is not None and len(paths) > 1:
            raise typer.BadParameter(
                f"it needs exactly one input, but there are {len(paths)}", param_hint=f"'{name}'"
            )
    return paths


def make_decoding(encoding: str, errors: OnError) -> Decoding:
    """Return the decoding for an encoding; refuse names that are not text encodings."""
    try:
        codecs.lookup(encoding)
        b"-".decode(encoding, "replace")  # raises LookupError for codecs such as base64
    except LookupError as error:
        raise typer.BadParameter(f"there is no text encoding {encoding!r}", param_hint="'--encoding'") from error
    return Decoding(encoding, errors.value)
