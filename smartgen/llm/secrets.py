"""Keys of endpoints: from the environment alone, and never shown."""

from __future__ import annotations

import base64
import os
import re
from dataclasses import replace
from urllib.parse import quote, urlsplit

from smartgen.core.errors import SmartgenError
from smartgen.core.masks import HIDDEN, PART, masked_address
from smartgen.llm.requests import Answer


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
    """A text without the key, for instance an endpoint's message that repeats it.

    A part of a long key is one too, and so is what else a proxy makes of it: base64, signs as ``%2F``, or the
    key backwards.

    Example:
        >>> redact("Bearer sk-0123456789abcdef, cut: sk-0123456789a", "sk-0123456789abcdef")
        'Bearer ***, cut: ***'
    """
    if not key:
        return text
    text = text.replace(key, HIDDEN)
    if len(key) < PART:
        return text
    parts = [part for part in _parts(key) if part in text]
    if not parts:
        return text
    covered: list[tuple[int, int]] = []
    for found in sorted(at.span() for part in parts for at in re.finditer(f"(?={re.escape(part)})", text)):
        start, end = found[0], found[0] + PART
        if covered and start <= covered[-1][1]:
            covered[-1] = (covered[-1][0], end)
        else:
            covered.append((start, end))
    for start, end in reversed(covered):
        text = text[:start] + HIDDEN + text[end:]
    return text


def _parts(key: str) -> set[str]:
    """All runs of ``PART`` characters of the key, as it is and in other forms."""
    # A text in base64 depends on where it begins, in threes; what hangs on its neighbors is left out.
    raw = [base64.b64encode(b"\0" * skip + key.encode()).decode() for skip in range(3)]
    coded = [text[skip and skip + 1 : -4] for skip, text in enumerate(raw)]
    forms = {key, key[::-1], quote(key, safe=""), *coded}
    return {form[at : at + PART] for form in forms for at in range(len(form) - PART + 1)}


def without_key(answer: Answer, key: str | None) -> Answer:
    """An answer as it may be kept. Short keys, as local servers take, are words that an answer may hold."""
    if key is None or len(key) < PART:
        return answer
    text, reason = redact(answer.text, key), redact(answer.finish_reason, key)
    return replace(answer, text=text, finish_reason=reason)


def check_url(url: str) -> None:
    """Refuse an address that carries a secret, since addresses stand in records.

    Raises:
        SmartgenError: no http(s) address, or one with a user, a password or a query.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        shown = masked_address(url)
        raise SmartgenError(f"synthesizer.base_url is {shown!r}, expected http://host:port/v1 or https://...")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise SmartgenError(
            "synthesizer.base_url holds a user, a password, a query or a fragment, but it stands in records; "
            "take the plain address, and a key from the environment (synthesizer.key_variable)"
        )
