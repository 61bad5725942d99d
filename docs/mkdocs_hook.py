"""Hook of mkdocs: the site has the folders of the project, so that a link means the same in both."""

import base64
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from textwrap import indent
from typing import Any, Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT: Final = Path(__file__).parents[1]
#: The page that is made from the help of the commands.
COMMANDS: Final = "docs/commands.md"
#: Where `make notebooks` puts the executed copies of the notebooks.
EXECUTED: Final = ROOT / "build" / "notebooks"
#: Files that pages link to or show.
LINKED: Final = ("docs/pictures/*.png", "data/*.csv", "model/dechaff/explain/*.tsv")


class Notebook(File):
    """A notebook as a page of the site, so that links to its file lead there."""

    def is_documentation_page(self) -> bool:
        """Return True: its content is Markdown, whatever the end of its name."""
        return True


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Replace the files of the folder docs with the pages of the navigation and the files that they link to."""
    for file in list(files):
        if file.src_dir == config.docs_dir:
            files.remove(file)
    linked = [path.relative_to(ROOT).as_posix() for pattern in LINKED for path in sorted(ROOT.glob(pattern))]
    for uri in [*navigation(config.nav), *linked]:
        if uri.endswith(".ipynb"):
            page, pictures = notebook_page(ROOT / uri, EXECUTED / Path(uri).name)
            files.append(Notebook.generated(config, uri, content=page))
            for name, picture in pictures.items():
                files.append(File.generated(config, f"notebooks/{name}", content=picture))
            continue
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


def notebook_page(path: Path, executed: Path) -> tuple[str, dict[str, bytes]]:
    """Return a notebook in Markdown with the outputs of its executed copy, and its pictures by name.

    If there is no such copy, or one of other cells, the page says so and has no outputs.
    """
    cells = json.loads(path.read_text("utf-8"))["cells"]
    copy = json.loads(executed.read_text("utf-8"))["cells"] if executed.is_file() else []
    is_executed = [cell["source"] for cell in cells] == [cell["source"] for cell in copy]
    parts = [] if is_executed else ["*Without outputs: `make notebooks` did not run before the site was built.*"]
    pictures: dict[str, bytes] = {}
    heading = ""
    for cell in copy if is_executed else cells:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            heading = text.partition("\n")[0].lstrip("# ") if text.startswith("#") else heading
            parts.append(text)
            continue
        parts.append('??? note "Code"\n' + indent(_fenced(text, "python"), "    "))
        for output in _outputs(cell):
            if isinstance(output, bytes):
                name = f"{path.stem}/{len(pictures) + 1}.png"
                pictures[name] = output
                parts.append(f"![{heading}]({name})")
            else:
                parts.append(output)
    return "\n\n".join(parts) + "\n", pictures


def _outputs(cell: dict[str, Any]) -> Iterator[str | bytes]:
    """Yield the outputs of a cell: Markdown and pictures."""
    for is_printed, outputs in groupby(cell["outputs"], key=lambda output: "text" in output):
        if is_printed:
            yield _fenced("".join("".join(output["text"]) for output in outputs), "text")
            continue
        for output in outputs:
            data = output["data"]
            if "image/png" in data:
                yield base64.b64decode("".join(data["image/png"]))
            else:
                yield "".join(data.get("text/markdown") or _fenced("".join(data["text/plain"]), "text"))


def _fenced(text: str, language: str) -> str:
    return f"~~~~{language}\n{text.rstrip()}\n~~~~"
