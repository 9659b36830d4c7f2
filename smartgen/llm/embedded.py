"""A language model inside this process: llama.cpp's own OpenAI-compatible server, on loopback alone."""

from __future__ import annotations

import hashlib
import itertools
import json
import urllib.request
from functools import cache, cached_property
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from smartgen.core.errors import SmartgenError
from smartgen.llm.model_file import MODEL_FILE
from smartgen.synthesizer_settings import EmbeddedSettings

_NO_EXTRA: Final = "synthesizer=embedded needs the package xllamacpp: pip install 'smartgen[embedded]'"
QUIET: Final = -1  # llama.cpp's verbosity: errors come back in answers
ENGINE: Final = "engine"  # in a request's sampling: what else decides an answer here
_WITHOUT_PROXY: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_BLANKS: Final = tuple(itertools.product("\n", (1, 2, 3), " \t", range(21)))


def model_file(settings: EmbeddedSettings, models: str) -> Path:
    """The GGUF file that is to write.

    Args:
        models: the folder of models (``paths.models``).

    Raises:
        SmartgenError: there is none.
    """
    if settings.model_path is not None:
        path = Path(settings.model_path)
        if not path.is_file():
            raise SmartgenError(f"synthesizer.model_path is {path}, but there is no such file")
        return path
    path = Path(models) / MODEL_FILE
    if not path.is_file():
        raise SmartgenError(
            f"{path}: no such file; run `smartgen-data model`, or name another GGUF "
            "with synthesizer.model_path"
        )
    return path


@cache
def checksum(path: Path) -> str:
    """SHA-256 of a model file, taken once a process."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def engine(settings: EmbeddedSettings) -> dict[str, Any]:
    """What decides an answer beside the model's file and the sampling; part of requests' and cells' keys.

    Raises:
        SmartgenError: the extra is not installed.
    """
    try:
        version = metadata.version("xllamacpp")
    except metadata.PackageNotFoundError as error:
        raise SmartgenError(_NO_EXTRA) from error
    return {"xllamacpp": version, "threads": settings.threads, "slots": settings.concurrency, "compact": True}


class EmbeddedServer:
    """A running server.

    Args:
        server: xllamacpp's; it ends with the process.

    Attributes:
        url: its base URL.
    """

    def __init__(self, server: Any) -> None:
        self._server = server
        self._address = str(server.listening_address)
        self.url = f"{self._address}/v1"

    def adapted(self, body: dict[str, Any]) -> dict[str, Any]:
        """A request's body without `ENGINE`, and with a bias against blank tokens, in OpenAI's own words.

        llama.cpp's grammar allows line breaks and indents between JSON's tokens, and small models write
        them: half of all tokens. Nothing else of an answer is touched, since no word of ours has them.
        """
        rest = {name: value for name, value in body.items() if name != ENGINE}
        return rest | {"logit_bias": {str(token): -100 for token in self._blanks}}

    @cached_property
    def _blanks(self) -> list[int]:
        """Tokens that are nothing but line breaks and indents; a single space is none."""
        breaks = [f"{line * count}{blank * width}" for line, count, blank, width in _BLANKS]
        read = [self._tokens(text) for text in (*breaks, *(" " * width for width in range(2, 21)))]
        return sorted({tokens[0] for tokens in read if len(tokens) == 1})

    def _tokens(self, text: str) -> list[int]:
        request = urllib.request.Request(
            f"{self._address}/tokenize",
            json.dumps({"content": text}).encode(),
            {"Content-Type": "application/json"},
        )
        with _WITHOUT_PROXY.open(request, timeout=60) as reply:
            found: list[int] = json.load(reply)["tokens"]
        return found


def serve(path: Path, settings: EmbeddedSettings) -> EmbeddedServer:
    """The server with this model, started when first asked for; one stays for all cells of a sweep.

    Raises:
        SmartgenError: the extra is not installed, or the file is no model that llama.cpp reads.
    """
    return _server(path, settings.context_tokens, settings.concurrency, settings.threads)


@cache
def _server(path: Path, context: int, parallel: int, threads: int) -> EmbeddedServer:
    try:
        import xllamacpp
    except ImportError as error:
        raise SmartgenError(_NO_EXTRA) from error
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(path)
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0  # any free one
    parameters.n_ctx = context * parallel  # shared out among the slots
    parameters.n_parallel = parallel
    for part in (parameters.cpuparams, parameters.cpuparams_batch):
        part.n_threads, part.poll = threads, 0  # threads that wait would take a core from other work
    parameters.verbosity = QUIET
    try:
        return EmbeddedServer(xllamacpp.Server(parameters))
    except RuntimeError as error:
        raise SmartgenError(f"{path}: llama.cpp cannot load it as a model ({error})") from error
