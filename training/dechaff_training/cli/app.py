"""The command `dechaff`: its subcommands, exit codes and standard streams.

Command modules import their dependencies within functions, so that `dechaff clean` starts without scikit-learn.
"""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from dechaff.errors import DechaffError
from dechaff_training.cli import annotate, bulk, clean, diff, evaluate, inspect, label, profile, report, train
from dechaff_training.cli.interrupts import INTERRUPTED, interruptible
from dechaff_training.cli.options import BEHAVIOUR, examples

# The exit code that shells report for a program ended by SIGPIPE.
_PIPE_CLOSED = 141
# Errors in writing: disk full, file too large, device broken, stream closed.
_WRITE_ERRORS = (errno.ENOSPC, errno.EFBIG, errno.EIO, errno.EBADF)
# The flags for opening standard input, output and error if they are closed: the wrong direction, so that using them
# is still an error.
_UNUSABLE = (os.O_WRONLY, os.O_RDONLY, os.O_RDONLY)


def _unnamed_switches(params: list[Any]) -> list[Any]:
    """Take the name of the value off options that have none, which typer shows as `<bool>`."""
    for param in params:
        if getattr(param, "is_flag", False):
            param.metavar = ""
    return params


class _Command(TyperCommand):
    """Command whose help shows switches without a value."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the options and arguments."""
        return _unnamed_switches(super().get_params(ctx))


class _Group(TyperGroup):
    """Group whose commands turn exceptions into an error line and an exit code."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the options."""
        return _unnamed_switches(super().get_params(ctx))

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """Parse the arguments; this also prints help and version."""
        with _exit_codes():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        with _exit_codes(), interruptible():
            return super().invoke(ctx)


@contextmanager
def _exit_codes() -> Iterator[None]:
    """Turn exceptions into exit codes, after flushing standard output."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        _drop_output()
        raise typer.Exit(_PIPE_CLOSED) from None
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    except DechaffError as error:
        _print_error(str(error))
        raise typer.Exit(1) from error
    except OSError as error:
        # An error in writing that has no file name comes from standard output.
        name = error.filename or ("standard output" if error.errno in _WRITE_ERRORS else "")
        _print_error(": ".join(filter(None, (str(name), error.strerror or str(error)))))
        _drop_output()
        raise typer.Exit(1) from error


def _print_error(message: str) -> None:
    print(f"dechaff: error: {' '.join(message.split())}", file=sys.stderr)


def _drop_output() -> None:
    """Redirect standard output to the null device: Python flushes it again at exit and would repeat the error."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _show_version(wanted: bool) -> None:
    if wanted:
        import dechaff

        print(f"dechaff {dechaff.__version__}")
        raise typer.Exit


app = typer.Typer(cls=_Group, no_args_is_help=True, **BEHAVIOUR | {"add_completion": True})


@app.callback(epilog=examples("clean article.txt -o clean.txt"))
def _dechaff(
    _version: Annotated[
        bool,
        typer.Option("--version", "-V", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Label each line of an article as content or boilerplate, with the reasons."""


app.command(cls=_Command, epilog=clean.CLEAN_EPILOG)(clean.clean)
app.command(cls=_Command, epilog=clean.SHOW_EPILOG)(clean.show)
app.command(cls=_Command, epilog=bulk.EPILOG)(bulk.bulk)
app.command(cls=_Command, epilog=profile.EPILOG)(profile.profile)
app.command(cls=_Command, epilog=label.LABEL_EPILOG)(label.label)
app.command("next", cls=_Command, epilog=label.NEXT_EPILOG)(label.suggest)
app.command(cls=_Command, epilog=report.EPILOG)(report.report)
app.command(cls=_Command, epilog=diff.EPILOG)(diff.diff)
app.command(cls=_Command, epilog=train.EPILOG)(train.train)
app.command(cls=_Command, epilog=evaluate.EVALUATE_EPILOG)(evaluate.evaluate)
app.command(cls=_Command, epilog=evaluate.BENCHMARK_EPILOG)(evaluate.benchmark)
app.command(cls=_Command, epilog=annotate.ANNOTATE_EPILOG)(annotate.annotate)
app.command(cls=_Command, epilog=annotate.CHECK_EPILOG)(annotate.check)
app.command(cls=_Command, epilog=inspect.EPILOG)(inspect.inspect)


def main() -> None:
    """Run the command line."""
    _replace_closed_streams()
    if isinstance(sys.stdout, TextIOWrapper):
        # Characters that the terminal's encoding lacks are printed as question marks.
        sys.stdout.reconfigure(errors="replace")
    app(prog_name="dechaff")


def _replace_closed_streams() -> None:
    """Open standard streams that the shell has closed, as in `dechaff show a.txt >&-`.

    Otherwise the next opened file would take the number of the closed stream, and `print` would write to standard
    error because standard output is None in Python.
    """
    for number, flags in enumerate(_UNUSABLE):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, flags)  # takes the lowest free number, that of the closed stream
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
