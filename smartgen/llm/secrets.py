"""Keys of endpoints: from the environment alone, and never shown."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from smartgen.core.errors import SmartgenError
from smartgen.core.masks import HIDDEN


def read_key(variable: str | None) -> str | None:
    """The key in this environment variable; None where the endpoint wants none, or none is set.

    Raises:
        SmartgenError: it holds what no HTTP header can, and what messages would show in another form.
    """
    key = (os.environ.get(variable, "") if variable else "").strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        raise SmartgenError(
            f"{variable} holds a space, a line break or a letter that no key has; set it anew"
        )
    return key or None


def wanted_key(variable: str | None, needed: bool) -> str | None:
    """The key, before anything is sent.

    Raises:
        SmartgenError: it is needed and not set.
    """
    key = read_key(variable)
    if needed and key is None:
        raise SmartgenError(
            f"synthesizer.needs_key is true, but the environment variable {variable} is not set; "
            "set it, or take synthesizer=embedded, which needs none"
        )
    return key


def redact(text: str, key: str | None) -> str:
    """A text without the key, for instance an endpoint's message that repeats it."""
    return text.replace(key, HIDDEN) if key else text


def check_url(url: str) -> None:
    """Refuse an address that carries a secret, since addresses stand in records.

    Raises:
        SmartgenError: no http(s) address, or one with a user, a password or a query.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SmartgenError(f"synthesizer.base_url is {url!r}, expected http://host:port/v1 or https://...")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise SmartgenError(
            "synthesizer.base_url holds a user, a password, a query or a fragment, but it stands in records; "
            "take the plain address, and a key from the environment (synthesizer.key_variable)"
        )
