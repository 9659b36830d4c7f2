"""A connection to an endpoint: with its key and nothing else of the environment."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from httpx2 import InvalidURL  # what the openai package connects with
from openai import AsyncOpenAI, DefaultAsyncHttpxClient

from smartgen.core.errors import SmartgenError

NO_KEY: Final = "none"  # the openai package wants some text where an endpoint wants no key
LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


def connect(url: str, key: str | None, retries: int = 0) -> AsyncOpenAI:
    """An asynchronous client of the openai package.

    What is on this machine is never reached through a proxy. Organization, project and headers that the
    environment has for OpenAI go to OpenAI alone.

    Args:
        retries: of the package itself.

    Raises:
        SmartgenError: the environment names a proxy that is no address; not shown, as it may hold a password.
    """
    host = urlsplit(url).hostname or ""
    own: dict[str, Any] = (
        {"http_client": DefaultAsyncHttpxClient(trust_env=False)} if host in LOOPBACK else {}
    )
    try:
        openai = AsyncOpenAI(base_url=url, api_key=key or NO_KEY, max_retries=retries, **own)
    except (InvalidURL, ValueError):
        raise SmartgenError(
            "a proxy in the environment (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY) is no address, expected "
            "http://host:port; of a password the signs / ? # @ : are written %2F %3F %23 %40 %3A"
        ) from None
    if not f".{host}".endswith(".openai.com"):
        openai.organization = openai.project = None
        openai._custom_headers = {}  # OPENAI_CUSTOM_HEADERS; the package has no public way to leave them out
    return openai
