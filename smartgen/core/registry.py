"""Names to classes: models are found by their files, and imported when first wanted.

A command that only lists names loads no heavy library.
"""

from __future__ import annotations

import pkgutil
import re
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from smartgen.core.errors import SmartgenError
from smartgen.core.resources import PACKAGE

_CLASS = re.compile(r"^class ([A-Za-z]\w*)", re.MULTILINE)


@dataclass(frozen=True)
class ModelFile:
    """The file of one model, read but not imported.

    Args:
        name: of the file, and so of the model.
        module: where it is imported from.
        path: of the file.
        classes: the public ones that it defines, by name.
    """

    name: str
    module: str
    path: Path
    classes: tuple[str, ...]

    def entry(self, fits: Callable[[str], object]) -> str:
        """``module:Class`` of its one class whose name fits; ``module:`` where none or several do."""
        found = [name for name in self.classes if fits(name)]
        return f"{self.module}:{found[0] if len(found) == 1 else ''}"


def model_files(folder: str, first: Sequence[str] = (), package: Path = PACKAGE) -> dict[str, ModelFile]:
    """The models of one folder of the package by name: these first, in this order, then others by name.

    Args:
        folder: of the package; modules whose name begins with ``_`` are no models.
        first: names of models; one without a file is left out.
        package: the package's folder; only tests give another.
    """
    where = package / folder
    there = {found.name for found in pkgutil.iter_modules([str(where)]) if not found.name.startswith("_")}
    names = [name for name in first if name in there] + sorted(there - set(first))
    return {name: _model_file(name, where) for name in names}


def load(registry: Mapping[str, str], name: str, kind: str) -> Any:
    """The class that a registry has under this name.

    Args:
        registry: name -> ``package.module:Class``.
        kind: what the registry holds, for the message.

    Raises:
        SmartgenError: no such name, the message has those that there are; or its file cannot be imported, or
            does not have the one class.
    """
    if name not in registry:
        raise SmartgenError(f"{kind} is {name!r}, expected one of {', '.join(registry)}")
    module, _, attribute = registry[name].partition(":")
    if not attribute:
        raise SmartgenError(
            f"{file_of(module)}: expected one public class of its kind, whose name ends with Detector or "
            "Predictor; a base class or helper begins with _"
        )
    return getattr(imported(module), attribute)


def imported(module: str) -> ModuleType:
    """The module of a model.

    Raises:
        SmartgenError: it fails while it is imported; the message names file and line.
    """
    try:
        return import_module(module)
    except SmartgenError:
        raise
    except Exception as error:
        own = [at.lineno for at in traceback.extract_tb(error.__traceback__) if _is_of(at.filename, module)]
        line = f", line {own[-1]}" if own else ""
        told = " ".join(str(error).split())
        raise SmartgenError(
            f"{file_of(module)}{line}: cannot be imported ({type(error).__name__}: {told})"
        ) from error


def entries(files: Iterable[ModelFile], fits: Callable[[str], object]) -> dict[str, str]:
    """A registry, for ``load``: name -> ``module:Class`` of the class whose name fits."""
    return {file.name: file.entry(fits) for file in files}


def _model_file(name: str, where: Path) -> ModelFile:
    path = where / f"{name}.py" if (where / f"{name}.py").is_file() else where / name / "__init__.py"
    text = path.read_text(encoding="utf-8", errors="replace")
    return ModelFile(name, f"{PACKAGE.name}.{where.name}.{name}", path, tuple(_CLASS.findall(text)))


def file_of(module: str) -> str:
    """The file of a model's module, for a message, as ``smartgen/detectors/knn.py``."""
    stem = module.replace(".", "/")
    return f"{stem}/__init__.py" if (PACKAGE.parent / stem).is_dir() else f"{stem}.py"


def _is_of(filename: str, module: str) -> bool:
    return Path(filename).as_posix().endswith(file_of(module))
