"""A language model inside this process: llama.cpp's own OpenAI-compatible server, on loopback alone."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any, Final

from smartgen.core.errors import SmartgenError
from smartgen.llm.model_file import MODEL_FILE
from smartgen.synthesizer_settings import EmbeddedSettings

QUIET: Final = -1  # llama.cpp's verbosity: errors come back in answers


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


def serve(path: Path, settings: EmbeddedSettings) -> str:
    """The base URL of the server with this model, started when first asked for; it ends with the process.

    Raises:
        SmartgenError: the extra is not installed, or the file is no model that llama.cpp reads.
    """
    return (
        str(_server(path, settings.context_tokens, settings.concurrency, settings.threads).listening_address)
        + "/v1"
    )


@cache
def _server(path: Path, context: int, parallel: int, threads: int) -> Any:
    try:
        import xllamacpp
    except ImportError as error:
        raise SmartgenError(
            "synthesizer=embedded needs the package xllamacpp: pip install 'smartgen[embedded]'"
        ) from error
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(path)
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0  # any free one
    parameters.n_ctx = context * parallel  # shared out among the slots
    parameters.n_parallel = parallel
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
    parameters.verbosity = QUIET
    parameters.endpoint_metrics = True
    try:
        return xllamacpp.Server(parameters)
    except RuntimeError as error:
        raise SmartgenError(f"{path}: llama.cpp cannot load it as a model ({error})") from error
