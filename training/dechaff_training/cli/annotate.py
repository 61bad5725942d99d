"""The commands `dechaff annotate` and `dechaff check`: create, convert and check labels."""

import sys
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dechaff.errors import CorpusError, InputError
from dechaff.wording import count
from dechaff_training.cli import options
from dechaff_training.cli.options import OnError, examples, make_decoding
from dechaff_training.files.json_io import write_record
from dechaff_training.files.paths import protect_inputs
from dechaff_training.files.progress import Steps
from dechaff_training.files.text_io import STANDARD, Decoding, open_output, read_text, show_path

if TYPE_CHECKING:
    from dechaff_training.corpus.checks import Finding

ANNOTATE_EPILOG = examples(
    "annotate page.html --gold body.txt -o labelled.txt",
    "annotate mine/ --from text --to label-studio -o tasks.json",
    "annotate export.json --from label-studio --to text -o mine/",
)
CHECK_EPILOG = (
    examples("check data/articles")
    + "\n\nDoubtful labels are those that a small model, fitted to the other sites, is sure are wrong; the most "
    "surely wrong come first. Look at each: many are right, and hard for a model. Parquet files are not checked."
)


class LabelFormat(Enum):
    """File formats of labels."""

    text = "text"
    label_studio = "label-studio"
    dolma = "dolma"


def annotate(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="INPUT",
            help="An HTML file; or, with --from, labelled files or folders of them, JSON exports of Label Studio, "
            "or a file of Dolma documents.",
        ),
    ],
    gold: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Text file with the article's paragraphs, one per line.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            *("--out", "-o"),
            metavar="OUT",
            help="Labelled file to write; with --to text or dolma, a folder.",
            show_default="standard output",
        ),
    ] = None,
    source: Annotated[LabelFormat | None, typer.Option("--from", help="Format to convert labels from.")] = None,
    target: Annotated[LabelFormat | None, typer.Option("--to", help="Format to convert labels to.")] = None,
    extractor: options.Extractor = "resiliparse_all",
    title: Annotated[
        str | None, typer.Option(metavar="TEXT", help="The headline, if the gold file leaves it out.")
    ] = None,
    encoding: options.Encoding = "utf-8",
    errors: options.Errors = OnError.strict,
) -> None:
    """Label the lines of a page from the paragraphs of its article, or convert labels between formats."""
    if source is not None and target is not None and gold is None:
        from dechaff_training.exchange.convert import exchange_labels

        n_articles = exchange_labels(inputs, source.value, target.value, out)
        print(f"dechaff: converted {count(n_articles, 'article')}", file=sys.stderr)
    elif gold is not None and len(inputs) == 1 and source is None and target is None:
        annotate_page(inputs[0], gold, out, extractor, title, make_decoding(encoding, errors))
    else:
        raise typer.BadParameter("give one page and its --gold, or both --from and --to")


def check(
    corpora: options.Corpora,
    quick: Annotated[bool, typer.Option("--quick", help="Do not look for doubtful labels with a model.")] = False,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=0, metavar="N", help="Number of doubtful labels to print.")
    ] = 20,
    as_json: options.Json = False,
) -> None:
    """Find wrong and doubtful labels; the exit code is 1 if there are errors."""
    from dechaff_training.corpus import check_paths

    findings = check_paths(corpora)
    for finding in findings:
        _print_finding(finding, as_json=as_json)
    n_errors = sum(finding.severity == "error" for finding in findings)
    n_doubtful = 0 if quick or n_errors else _print_doubtful(corpora, limit, as_json=as_json)
    doubtful = f", {count(n_doubtful, 'doubtful label')}" if n_doubtful else ""
    doubtful += f", {limit} of them listed (-n for more)" if n_doubtful > limit else ""
    n_warnings = count(len(findings) - n_errors, "warning")
    print(f"dechaff: {count(n_errors, 'error')}, {n_warnings}{doubtful}", file=sys.stderr)
    if n_errors:
        raise typer.Exit(1)


def _print_finding(finding: "Finding", *, as_json: bool) -> None:
    path = show_path(Path(finding.path))
    if as_json:
        record = {name: getattr(finding, name) for name in ("path", "line", "severity", "message")}
        write_record({**record, "path": path})
    else:
        place = f"{path}:{finding.line}" if finding.line else path
        print(f"{place}: {finding.severity}: {finding.message}")


def _print_doubtful(corpora: Sequence[Path], limit: int, *, as_json: bool) -> int:
    """Print the most doubtful labels and return how many there are; articles too few for that are only a note."""
    with Steps("checking") as progress:
        progress("looking for doubtful labels")
        from dechaff_training.fit.label_errors import doubtful_labels  # imports scikit-learn

        try:
            found = doubtful_labels(corpora)
        except CorpusError as error:
            print(f"dechaff: note: {error}", file=sys.stderr)
            return 0
    for finding in found[:limit]:
        _print_finding(finding, as_json=as_json)
    return len(found)


def annotate_page(
    page: Path, gold: Path, out: Path | None, extractor: str, title: str | None, decoding: Decoding
) -> None:
    """Write a labelled text file from a page and the paragraphs of its article.

    Raises
    ------
    DechaffError
        If a file cannot be read, or the page's text has a `coverage` of the gold paragraphs below one half.
    """
    from dechaff_training.corpus import format_labelled
    from dechaff_training.corpus.extraction import extract
    from dechaff_training.corpus.gold_alignment import USABLE_COVERAGE, align, coverage

    protect_inputs([out or STANDARD], (page, gold))
    html = read_text(page, decoding)
    body = [line.strip() for line in read_text(gold, decoding).splitlines() if line.strip()]
    if not body:
        raise InputError(f"{show_path(gold)}: empty file: write the article's paragraphs into it, one per line")
    text = extract(html, extractor)
    found = coverage(text, body)
    if found < USABLE_COVERAGE:
        raise InputError(
            f"{show_path(page)}: the text by {extractor} contains only {found:.0%} of {show_path(gold)}: "
            "give the paragraphs of this page's article, or another --extractor"
        )
    labelled = format_labelled(text, align(text, body, title))
    with open_output(out) as stream:
        stream.write(labelled.encode("utf-8", "replace"))
