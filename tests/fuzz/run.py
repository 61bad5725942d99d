"""Fuzz one target with atheris, guided by coverage: python tests/fuzz/run.py TARGET --seconds 600

The corpus is kept in `.fuzz/TARGET/`, so that the next run continues from it; an input that fails is written to
`.fuzz/TARGET-crash-…`. Move it to `tests/fuzz/seeds/TARGET/`, where the tests run it from then on.
"""

import argparse
import sys
from pathlib import Path
from typing import Final

import atheris

HERE: Final = Path(__file__).parent
FOUND: Final = HERE.parents[1] / ".fuzz"
# Code that looks like an exploit at work: a model file, or any other, must not get here.
_FORBIDDEN: Final = frozenset(("os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "socket.connect"))
_MEMORY_MB: Final = 2048
_LONGEST: Final = 1 << 14
_SECONDS_A_CASE: Final = 20


def forbid(event: str, _: object) -> None:
    """Raise if an input makes the process do something forbidden."""
    if event in _FORBIDDEN:
        raise AssertionError(f"an input made the process do {event}")


def main() -> None:
    """Fuzz until the time is over or a target fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target")
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    sys.path[:0] = [str(HERE), str(HERE.parent)]
    # Compiled functions must stay as they are: numba reads their byte code.
    with atheris.instrument_imports(include=["dechaff"], exclude=["dechaff.kernels.compiled"]):
        from targets import TARGETS
    if options.target not in TARGETS:
        parser.error(f"no target {options.target}: use one of {', '.join(TARGETS)}")
    kept, seeds = FOUND / options.target, HERE / "seeds" / options.target
    kept.mkdir(parents=True, exist_ok=True)
    sys.addaudithook(forbid)
    arguments = [
        f"-max_total_time={options.seconds}",
        f"-max_len={_LONGEST}",
        f"-rss_limit_mb={_MEMORY_MB}",
        f"-timeout={_SECONDS_A_CASE}",
        f"-artifact_prefix={FOUND / options.target}-",
        "-print_final_stats=1",
    ]
    TARGETS[options.target](b"a\nb")  # compiling is not a slow case
    atheris.Setup([sys.argv[0], *arguments, str(kept), str(seeds)], TARGETS[options.target])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
