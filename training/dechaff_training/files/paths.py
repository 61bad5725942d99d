"""Where articles lie: the names that files get, and the folders that nothing may lead out of."""

import re
from pathlib import Path
from typing import NamedTuple

from dechaff.errors import InputError

_UNFIT = re.compile(r"[^\w.-]+")
_LONGEST_NAME = 80


class Name(NamedTuple):
    """What an article is called: `<site>/<slug>.txt` in the folder of labels.

    Attributes
    ----------
    site : str
    slug : str
    """

    site: str
    slug: str

    @classmethod
    def of(cls, path: Path) -> "Name":
        """Name an article after its file and folder, as a corpus does.

        Examples
        --------
        >>> Name.of(Path("/texts/bote/weir.html"))
        Name(site='bote', slug='weir')
        """
        path = path.resolve()
        return cls(path.parent.name, path.stem)


def fit_name(text: str, otherwise: str, longest: int = _LONGEST_NAME) -> str:
    """Make of any text the name of a file or folder, which never leads anywhere else.

    Parameters
    ----------
    text : str
    otherwise : str
        The name where nothing is left.
    longest : int
        Of a name, in characters.

    Examples
    --------
    >>> fit_name("The weir: a story", "article"), fit_name("../..", "article")
    ('The-weir-a-story', 'article')
    """
    return _UNFIT.sub("-", text)[:longest].strip("-.") or otherwise


def inside(path: Path, root: Path) -> Path:
    """Give a path with its links resolved, if it lies within a folder.

    Raises
    ------
    InputError
        If it does not.

    Examples
    --------
    >>> inside(Path("labels/../../secret.txt"), Path("labels"))
    Traceback (most recent call last):
    dechaff.errors.InputError: labels/../../secret.txt: leads out of labels: name its own folder
    """
    resolved = path.resolve()
    if not resolved.is_relative_to(root.resolve()):
        raise InputError(f"{path}: leads out of {root}: name its own folder")
    return resolved
