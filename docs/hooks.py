"""Hooks of the site: pages that are a file at the top, notebooks, links that leave the site, doctests."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import griffe
import nbformat
from mkdocs.structure.files import File

DOCS = "docs/"
FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[(?P<text>[^\[\]]+)\]\((?P<target>[^)\s]+)\)")


class Doctests(griffe.Extension):
    """Takes ``Example:`` for the section that mkdocstrings calls ``Examples:``, not for plain text."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rename it in a docstring that was just read."""
        if obj.docstring is not None:
            obj.docstring.value = re.sub(r"^( *)Example:$", r"\1Examples:", obj.docstring.value, flags=re.M)


def on_files(files: Any, config: Any) -> Any:
    """Each notebook is a page too, with what its cells printed and drew when they were last executed.

    Args:
        files: of the site; pages and pictures of notebooks are added.
        config: gives the folder of the pages.
    """
    for notebook in [file for file in files if file.src_uri.endswith(".ipynb")]:
        stem = notebook.src_uri.removesuffix(".ipynb")
        text, pictures = page_of(nbformat.read(notebook.abs_src_path, as_version=4), PurePosixPath(stem).name)
        files.append(File.generated(config, f"{stem}.md", content=text))
        for name, content in pictures.items():
            place = PurePosixPath(stem).parent / name
            files.append(File.generated(config, place.as_posix(), content=content))
    return files


def page_of(notebook: Any, name: str) -> tuple[str, dict[str, bytes]]:
    """A notebook as Markdown, and its pictures by file name.

    Args:
        notebook: with its outputs.
        name: with which pictures begin.
    """
    parts: list[str] = []
    pictures: dict[str, bytes] = {}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        parts.append(f"```python\n{cell.source}\n```")
        for output in cell.outputs:
            data = output.get("data", {})
            if "image/png" in data:
                file = f"{name}_{len(pictures)}.png"
                pictures[file] = base64.b64decode(data["image/png"])
                parts.append(f"![{data.get('text/plain', 'picture')}]({file})")
            elif said := output.get("text") or data.get("text/plain"):
                parts.append(f"```text\n{said.rstrip()}\n```")
    return "\n\n".join(parts) + "\n", pictures


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """A page with ``include: README.md`` on top is that file; no link points out of the site.

    Args:
        markdown: the page's text.
        page: gives its place below ``docs`` and what stands on top of it.
        config: gives the place of mkdocs.yml.
        files: not used.
    """
    place = PurePosixPath(DOCS, page.file.src_uri)
    if name := page.meta.get("include"):
        place = PurePosixPath(name)
        markdown = (Path(config.config_file_path).parent / name).read_text(encoding="utf-8")
    return _outside_fences(markdown, lambda text: LINK.sub(lambda found: _inside(found, place), text))


def _outside_fences(markdown: str, change: Callable[[str], str]) -> str:
    """The text with everything changed but blocks of code."""
    done, end = [], 0
    for fence in FENCE.finditer(markdown):
        done += [change(markdown[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*done, change(markdown[end:])])


def _inside(found: re.Match[str], place: PurePosixPath) -> str:
    """A link as the site can have it: to a file of the repository that is no page, its text alone."""
    text, target = found["text"], found["target"]
    if re.match(r"[a-z]+:|#", target):
        return found[0]
    path = _joined(place.parent, target.partition("#")[0])
    if not path.startswith(DOCS):
        return text
    if place.as_posix().startswith(DOCS):
        return found[0]
    return f"[{text.removeprefix(DOCS)}]({target.removeprefix(DOCS)})"


def _joined(folder: PurePosixPath, target: str) -> str:
    """A relative path from the top of the repository.

    Example:
        >>> _joined(PurePosixPath("docs/tutorials"), "../../conf"), _joined(PurePosixPath("."), "docs/a.md")
        ('conf', 'docs/a.md')
    """
    parts: list[str] = []
    for part in (folder / target).parts:
        if part == "..":
            parts = parts[:-1]
        elif part != ".":
            parts.append(part)
    return "/".join(parts)
