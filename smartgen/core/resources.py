"""Where the data folders that ship with the package are: `conf` and `experiments`."""

from __future__ import annotations

from pathlib import Path

from smartgen.core.errors import SmartgenError

PACKAGE = Path(__file__).resolve().parent.parent


def resource_dir(name: str, package: Path = PACKAGE) -> Path:
    """The folder `name`: packed into an installed wheel, else at the root of a clone.

    Args:
        name: "conf" or "experiments".
        package: the package's folder; only tests give another.

    Raises:
        SmartgenError: neither place has the folder.
    """
    packed = package / "_packed" / name
    for folder in (packed, package.parent / name):
        if folder.is_dir():
            return folder
    raise SmartgenError(f"{packed}: folder {name!r} expected here or in {package.parent}; reinstall smartgen")
