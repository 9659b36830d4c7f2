"""Paths as a person types them."""

from __future__ import annotations

import os
from pathlib import Path


def typed_path(text: str) -> Path:
    """A path whose ``~`` is the home folder; that of a user that there is not stays as it is.

    Example:
        >>> typed_path("~nobody-of-this-name/x"), typed_path("~").is_absolute()
        (PosixPath('~nobody-of-this-name/x'), True)
    """
    return Path(os.path.expanduser(text))
