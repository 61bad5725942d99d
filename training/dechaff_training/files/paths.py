"""Names of article files, the files of folders, paths inside a folder, and inputs that no output may replace."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from dechaff.errors import CorpusError, InputError
from dechaff.files import check_not_inputs
from dechaff_training.files.formats import SUFFIXES
from dechaff_training.files.text_io import STANDARD, describe_missing, show_path

#: The suffixes of the files of a corpus.
CORPUS_SUFFIXES = (".txt", ".jsonl", ".parquet")
_UNSAFE = re.compile(r"[^\w.-]+")
_MAX_LENGTH = 80


class Name(NamedTuple):
    """The name of an article, whose labels are saved as `<site>/<slug>.txt`.

    Attributes
    ----------
    site : str
    slug : str
    """

    site: str
    slug: str

    @classmethod
    def of(cls, path: Path) -> "Name":
        """Return the name of an article from its file and folder, as in a corpus.

        Examples
        --------
        >>> Name.of(Path("/texts/bote/weir.html"))
        Name(site='bote', slug='weir')
        """
        path = path.resolve()
        return cls(path.parent.name, path.stem)


def safe_name(text: str, default: str, max_length: int = _MAX_LENGTH) -> str:
    """Return a file or folder name made from any text, without separators or leading dots.

    Parameters
    ----------
    text : str
    default : str
        The name to return if no valid character is left.
    max_length : int
        The maximum length in characters.

    Examples
    --------
    >>> safe_name("The weir: a story", "article"), safe_name("../..", "article")
    ('The-weir-a-story', 'article')
    """
    return _UNSAFE.sub("-", text)[:max_length].strip("-.") or default


def resolve_inside(path: Path, root: Path) -> Path:
    """Resolve a path, and raise if it lies outside a folder.

    Raises
    ------
    InputError
        If the path lies outside the folder.

    Examples
    --------
    >>> resolve_inside(Path("labels/../../secret.txt"), Path("labels"))
    Traceback (most recent call last):
    dechaff.errors.InputError: labels/../../secret.txt: outside labels: give a path inside that folder
    """
    resolved = path.resolve()
    if not resolved.is_relative_to(root.resolve()):
        raise InputError(f"{path}: outside {root}: give a path inside that folder")
    return resolved


def find_files(path: Path, suffixes: tuple[str, ...] = CORPUS_SUFFIXES) -> list[Path]:
    """Return a file itself, or the files of a folder and its subfolders in the order of their names.

    Raises
    ------
    CorpusError
        If the path does not exist, or is a file with another suffix.
    """
    if not path.exists():
        raise CorpusError(describe_missing(path, "no such file or folder"))
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if file.suffix.lower() in suffixes and file.is_file())
    if path.suffix.lower() not in suffixes:
        raise CorpusError(f"{path}: not a corpus: give a folder, or a file ending in {', '.join(suffixes)}")
    return [path]


def find_articles(paths: Sequence[Path], suffixes: tuple[str, ...] = SUFFIXES) -> tuple[Path, ...]:
    """Replace each folder by the article files in it, in the order of their names.

    Parameters
    ----------
    paths : sequence of Path
        Files are returned unchanged, whatever their suffixes.
    suffixes : tuple of str
        The suffixes of files to find in folders.

    Raises
    ------
    InputError
        If a folder contains no file with one of the suffixes.
    """
    found: list[Path] = []
    for path in paths:
        files = find_files(path, suffixes) if path.is_dir() else [path]
        if not files:
            raise InputError(f"{show_path(path)}: no article files in this folder ({', '.join(suffixes)})")
        found += files
    return tuple(found)


def protect_inputs(outputs: Iterable[Path | None], inputs: Iterable[Path | None]) -> None:
    """Raise if a command would write over one of its inputs; call it before anything is written.

    Parameters
    ----------
    outputs : iterable of Path or None
        The files to write; `-` is standard output, and None an output that was not asked for.
    inputs : iterable of Path or None
        Files; folders, which stand for all files in them; `-`, which is standard input; or None.

    Raises
    ------
    InputError
        If an output is the same file as an input, by any path or link.
    """
    check_not_inputs(
        (1 if path == STANDARD else path for path in outputs if path is not None),
        (file for path in inputs if path is not None for file in _files(path)),
    )


def _files(path: Path) -> Iterator[Path | int]:
    """Yield the files that an input stands for, and the languages of sites that are read beside labelled files."""
    if path == STANDARD:
        yield 0
    elif path.is_dir():
        yield from path.rglob("*")
    else:
        yield path
        yield path.parent.parent / "sites.tsv"
