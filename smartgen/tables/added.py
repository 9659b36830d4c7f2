"""What tables prefer where records of an added model differ: its settings as its file in conf/ has them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from smartgen.core.models import ADDED
from smartgen.core.resources import resource_dir
from smartgen.tables.node import read_yaml


def preferred(defaults: Mapping[str, Any], axis: str, name: str) -> Mapping[str, Any]:
    """Defaults that name settings of models that ship, as they are for this model.

    Args:
        defaults: preferred settings by dotted name.
        axis: detector or predictor.
        name: of the model; a shipped one's settings stand among the defaults.
    """
    if name not in ADDED[axis]:
        return defaults
    others = {key: value for key, value in defaults.items() if not key.startswith(f"{axis}.")}
    return others | own_settings(axis, name)


@cache
def own_settings(axis: str, name: str) -> dict[str, Any]:
    """The numbers, words and truth values of ``conf/<axis>/<name>.yaml``; empty where there is no such file.

    Raises:
        SmartgenError: the file is no YAML.
    """
    path = resource_dir("conf") / axis / f"{name}.yaml"
    if not path.is_file():
        return {}
    found = read_yaml(path).items()
    plain = {key: node.value for key, node in found.items() if key not in ("defaults", "name")}
    return {
        f"{axis}.{key}": _number(value)
        for key, value in plain.items()
        if value is None or isinstance(value, str | int | float)
    }


def _number(value: Any) -> Any:
    """YAML takes 1e-3 for text, where Hydra has a number.

    Example:
        >>> _number("1e-3"), _number("kd_tree"), _number(5)
        (0.001, 'kd_tree', 5)
    """
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value
