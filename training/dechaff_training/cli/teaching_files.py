"""What `dechaff train --start-from` does, without its command line."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dechaff.errors import InputError
from dechaff.linear.artifact import model_digest, save_model
from dechaff_training.cli.corpus_files import check_out
from dechaff_training.corpus import read_corpus
from dechaff_training.files.json_io import write_json
from dechaff_training.files.models import load, named_model
from dechaff_training.files.progress import Steps
from dechaff_training.files.text_io import STANDARD, show_path

if TYPE_CHECKING:  # it imports scikit-learn
    from dechaff_training.fit.fine_tuning import Lesson


def teach_to_file(
    paths: Sequence[Path],
    out: Path,
    start: str,
    seed: int = 0,
    extractors: Sequence[str] = (),
    json_file: Path | None = None,
) -> None:
    """Teach a model from corpora, write the new one, and print what it gains on sites that it has not seen.

    Parameters
    ----------
    paths : sequence of Path
    out : Path
        Another file than the old model's, which stays.
    start : str
        A model file, or `default`.
    seed : int
    extractors : sequence of str
    json_file : Path, optional
        Where the figures go, too.

    Raises
    ------
    DechaffError
        If something cannot be read or learnt from.
    """
    check_out(out)
    old = named_model(start)
    if old is not None and out.exists() and old.exists() and out.samefile(old):
        raise InputError(f"{show_path(out)}: the old model stays until you take the new one: name another --out")
    model = load(old)
    with Steps("reading") as tell:
        tell("reading the corpus")
        from dechaff_training.fit.fine_tuning import teach

        lesson = teach(
            model, read_corpus(paths, extractors), seed=seed, start_digest=model_digest(old), progress=tell
        )
        save_model(lesson.model, out)
    if json_file is not None:
        write_json(lesson.to_dict(), json_file)
    if json_file != STANDARD:
        _print(lesson)
    print(f"dechaff: {lesson.advice} It is in {show_path(out)}.", file=sys.stderr)


def _print(lesson: "Lesson") -> None:
    if lesson.difference is not None:
        from dechaff_training.fit.fine_tuning import lesson_table
        from dechaff_training.report.rendering import print_tables

        print_tables([lesson_table(lesson)])
