"""What may be a secret never stands in a record, a log or a message."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import Final

from smartgen.core.errors import SmartgenError

HIDDEN: Final = "***"
PART: Final = 12  # characters of a key that say too much of it; a shorter key is a word like others
VARIABLE: Final = re.compile(r"[A-Z_][A-Z0-9_]*")  # the name of an environment variable, and no key
# A key can be all capitals and digits, as AWS's are. Names of this length have their words parted by "_", and
# count themselves at the end, as in MYKEY2; a digit within so long a word is chance's.
LONG: Final = 16
WORD: Final = re.compile(rf"(?=[A-Z0-9]{{{LONG}}})[A-Z0-9]*[0-9][A-Z]")
# Inside a table, {key_variable: ...}, or with another sign than "=".
_IN_TABLE: Final = re.compile(r"(key_?variable[\s'\"\\]*[:=][\s:=]*)(.*)", re.IGNORECASE | re.DOTALL)
# Wherever it stands: what endpoints' keys look like (OpenAI's and many others', Groq's, Hugging Face's).
_KEY: Final = re.compile(r"(?<![A-Za-z0-9])(?:sk-|gsk_|hf_)(?=[\w-]*\d)[\w-]{16,}")
_KEY_VARIABLE: Final = re.compile(r".*(?:KEY|TOKEN|SECRET|PASSWORD)", re.IGNORECASE)
_ADDRESS_IN_TABLE: Final = re.compile(
    r"(base_?url[\s'\"\\]*[:=][\s:=]*)"
    r"('[^']*'|\"[^\"]*\"|.*?(?=\s*,\s*['\"]?\w+['\"]?\s*:|\s*\}\s*(?:,|$)|$))",
    re.IGNORECASE | re.DOTALL,
)


def masked(override: str) -> str:
    """An override without an address's user, password and query, and without keys.

    A key is what stands in the place of its variable's name, what looks like one, and what the environment
    has in a variable whose name ends with ``KEY``, ``TOKEN``, ``SECRET`` or ``PASSWORD``.

    Example:
        >>> masked("synthesizer.base_url=https://me:secret@host/v1")
        'synthesizer.base_url=https://***@host/v1'
        >>> masked("synthesizer.key_variable=sk-0123"), masked("synthesizer.key_variable=MY_KEY,null")
        ('synthesizer.key_variable=***', 'synthesizer.key_variable=MY_KEY,null')
        >>> masked("synthesizer={temperature: 1, key_variable: sk-0123}")
        'synthesizer={temperature: 1, key_variable: ***'
    """
    for key in _known_keys():
        override = override.replace(key, HIDDEN)
    override = _KEY.sub(HIDDEN, override)
    override = _IN_TABLE.sub(_without_key, override)
    override = _ADDRESS_IN_TABLE.sub(lambda found: found[1] + masked_address(found[2]), override)
    name, equals, value = override.partition("=")
    # However it is written: Hydra's messages repeat what its grammar does not take.
    last = re.sub(r"[^a-z]", "", re.split(r"[./@]", name.lower())[-1])
    if last == "keyvariable" and not all(map(_is_name, value.split(","))):
        value = HIDDEN
    if last == "baseurl":
        value = masked_address(value)
    return f"{name}{equals}{value}"


def _known_keys() -> list[str]:
    """Of the environment, the longest first: one may be the beginning of another."""
    keys = {value.strip() for name, value in os.environ.items() if _KEY_VARIABLE.fullmatch(name)}
    return sorted((key for key in keys if len(key) >= PART), key=len, reverse=True)


def masked_address(address: str) -> str:
    """An address, also one in quotes or without its ``https://``, without user, password and query.

    Example:
        >>> masked_address("https://me:secret@host/v1?key=secret")
        'https://***@host/v1?***'
    """
    before = r"^([\s'\"]*(?:[\w+.-]+:/+)?)"
    if re.search(r"[?#].*@", address, re.DOTALL):  # of a password or of a query: who knows where it ends
        return re.sub(rf"{before}.*", rf"\g<1>{HIDDEN}", address, flags=re.DOTALL)
    plain = re.sub(r"[?#][^'\"]*", f"?{HIDDEN}", address)
    return re.sub(rf"{before}.*@", rf"\g<1>{HIDDEN}@", plain, flags=re.DOTALL)


def is_variable(name: str) -> bool:
    """Whether this is the name of an environment variable, and not a key that is put in its place.

    Example:
        >>> is_variable("OPENAI_API_KEY"), is_variable("MYKEY2"), is_variable("AKIAIOSFODNN7EXAMPLE")
        (True, True, False)
    """
    if VARIABLE.fullmatch(name) is None:
        return False
    return name in os.environ or not any(map(WORD.match, name.split("_")))


def _is_name(value: str) -> bool:
    """Of a variable, perhaps in quotes; or none."""
    plain = value.strip().strip("'\"")
    return plain in ("", "null") or is_variable(plain)


def _without_key(found: re.Match[str]) -> str:
    """As it is, where a name ends at a comma or a brace; else nothing of what follows is shown."""
    value = re.match(r"\s*(?:'[^']*'|\"[^\"]*\"|[^,{}\[\]'\"]*)\s*(?=[,}]|$)", found[2])
    if value is None or not _is_name(value[0]):
        return found[1] + HIDDEN
    return found[1] + value[0] + _IN_TABLE.sub(_without_key, found[2][value.end() :])


def refuse_secrets(arguments: Iterable[str]) -> None:
    """Before anything shows, keeps or hands on what was typed.

    Raises:
        SmartgenError: an argument has a secret where settings are; it is not shown.
    """
    for argument in arguments:
        if masked(argument) != argument:
            raise SmartgenError(
                f"{masked(argument)}: settings stand in records, so that no key, user, password or query is "
                "taken there; a key comes from an environment variable, which synthesizer.key_variable names"
            )
