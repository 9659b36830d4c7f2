"""What the configuration has of a detector or predictor that was added as one file (core/models.py)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from smartgen.core.errors import SmartgenError
from smartgen.core.models import ADDED, DETECTORS, FILES, PREDICTORS, TOKEN_PREDICTORS
from smartgen.core.registry import file_of, imported
from smartgen.settings import DetectorSettings, PredictorSettings

BASES: Final[dict[str, type[Any]]] = {"detector": DetectorSettings, "predictor": PredictorSettings}
TASKS: Final[dict[str, str]] = {"detector": "detection", "predictor": "prediction"}


def settings_of(kind: str, name: str) -> type[Any] | None:
    """The dataclass ``...Settings`` of a model's own file, which is imported for it; None if it has none.

    Raises:
        SmartgenError: the file has several, or what it has is no dataclass of the kind's settings.
    """
    file, base = FILES[kind][name], BASES[kind]
    found = [one for one in file.classes if one.endswith("Settings")]
    if not found:
        return None
    node: type[Any] = getattr(imported(file.module), found[0])
    fits = issubclass(node, base) and "__dataclass_fields__" in vars(node)
    if len(found) > 1 or not fits:
        raise SmartgenError(
            f"{file_of(file.module)}: {', '.join(found)}: expected one @dataclass that derives from "
            f"{base.__name__}"
        )
    return node


def own_schemas() -> Iterator[tuple[str, str, type[Any]]]:
    """Group, name and dataclass of the settings that models' own files define, as ``knn_schema``."""
    for kind, files in FILES.items():
        for name in files:
            if (node := settings_of(kind, name)) is not None:
                yield kind, f"{name}_schema", node


def added_systems(kind: str) -> dict[str, dict[str, Any]]:
    """Rows of Table 2 or 3, as files of conf/system have them, of models that were added.

    Stale ones by the model's name, those trained on SmartGen's sequences by ``smartgen_`` and its name.

    Raises:
        SmartgenError: detectors and predictors, or these rows, have a name in common.
    """
    rows: dict[str, dict[str, Any]] = {}
    for name in ADDED[kind]:
        _refuse_doubles(kind, name)
        model = {"defaults": [{f"override /{kind}": name}], "task": TASKS[kind]}
        rows[name] = model | {"regime": "source"}
        if kind == "detector" or name in TOKEN_PREDICTORS:
            rows[f"smartgen_{name}"] = model | {"regime": "synthetic"}
    return rows


def models(kind: str) -> str:
    """Every model that protocol unified compares, as an axis of a sweep has it.

    Example:
        >>> models("detector").split(",")[:2]
        ['lof', 'isolation_forest']
    """
    return ",".join(DETECTORS if kind == "detector" else PREDICTORS)


def more_systems(kind: str) -> str:
    """What an axis of rows goes on with behind those that ship; empty where no model was added."""
    return "".join(f",{name}" for name in added_systems(kind))


def _refuse_doubles(kind: str, name: str) -> None:
    """Rows are named by their models alone, so a detector and a predictor cannot share a name."""
    other = "predictor" if kind == "detector" else "detector"
    for taken in (name, name.removeprefix("smartgen_")):
        if taken in FILES[other] or (taken != name and taken in FILES[kind]):
            own, place = FILES[kind][name], FILES[other].get(taken) or FILES[kind][taken]
            raise SmartgenError(
                f"{file_of(own.module)}: its name is taken by {file_of(place.module)}; give the file another"
            )
