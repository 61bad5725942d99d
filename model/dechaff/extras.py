"""Optional packages, imported on first use."""

from importlib import import_module
from typing import Any

from dechaff.errors import MissingExtraError


def load(module: str, extra: str = "html") -> Any:
    """Import a module of an optional package.

    Parameters
    ----------
    module : str
        The full name of the module.
    extra : str
        The extra of dechaff that installs it.

    Returns
    -------
    module

    Raises
    ------
    MissingExtraError
        If the package is not installed.

    Examples
    --------
    >>> load("no_such_package")
    Traceback (most recent call last):
    dechaff.errors.MissingExtraError: no_such_package is not installed; run: pip install 'dechaff[html]'
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise missing(module.partition(".")[0], extra) from error


def missing(package: str, extra: str = "html") -> MissingExtraError:
    """Return the error for a missing package, with the command that installs it.

    Examples
    --------
    >>> print(missing("orjson", "bulk"))
    orjson is not installed; run: pip install 'dechaff[bulk]'
    """
    return MissingExtraError(f"{package} is not installed; run: pip install 'dechaff[{extra}]'")
