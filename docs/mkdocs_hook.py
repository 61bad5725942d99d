"""Hook of mkdocs: the site has the folders of the project, so that a link means the same in both."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT: Final = Path(__file__).parents[1]
#: The page that is made from the help of the commands.
COMMANDS: Final = "docs/commands.md"
#: Files that pages link to or show.
LINKED: Final = ("docs/pictures/*.png", "notebooks/*.ipynb", "data/*.csv", "model/dechaff/explain/*.tsv")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Replace the files of the folder docs with the pages of the navigation and the files that they link to."""
    for file in list(files):
        if file.src_dir == config.docs_dir:
            files.remove(file)
    linked = [path.relative_to(ROOT).as_posix() for pattern in LINKED for path in sorted(ROOT.glob(pattern))]
    for uri in [*navigation(config.nav), *linked]:
        source = {"content": commands()} if uri == COMMANDS else {"abs_src_path": str(ROOT / uri)}
        files.append(File.generated(config, uri, **source))
    return files


def navigation(nav: Any) -> Iterator[str]:
    """Yield the pages of a navigation, from its nested lists and tables."""
    if isinstance(nav, str):
        yield nav
    else:
        for each in nav.values() if isinstance(nav, dict) else nav:
            yield from navigation(each)


def commands() -> str:
    """Return the reference of the commands in Markdown, by typer from their help."""
    typer = (sys.executable, "-m", "typer", "dechaff_training.cli.app", "utils", "docs")
    text = subprocess.run(  # noqa: S603
        [*typer, "--name", "dechaff", "--title", "Commands"], check=True, capture_output=True, text=True, cwd=ROOT
    ).stdout
    # typer shortens the help in the list of commands.
    helps = dict(re.findall(r"^## `dechaff (\w+)`\n\n(.+)$", text, flags=re.MULTILINE))
    text = re.sub(r"^\* `(\w+)`: .*\.\.\.$", lambda row: f"* `{row[1]}`: {helps[row[1]]}", text, flags=re.MULTILINE)
    return re.sub(r"^(Examples?:) \[bold\](.*)\[/bold\]$", r"\n\1 `\2`", text, flags=re.MULTILINE)
