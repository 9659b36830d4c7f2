"""The detectors and predictors that there are: one file each in ``detectors/`` and ``predictors/``.

A file that is put there is a model of its name, and nothing else has to know of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Final

from smartgen.core.registry import ModelFile, entries, model_files

# Those that this package ships: the systems of Tables 2 and 3 in the paper's order, then controls.
SHIPPED: Final[dict[str, tuple[str, ...]]] = {
    "detector": (
        *("lof", "isolation_forest", "aegis", "ocsvm", "autoencoder", "argus", "transae"),
        *("seen", "length"),
    ),
    "predictor": (
        *("hmm", "fpmc", "lstm", "carnn", "caser", "siar", "sasrec"),
        *("popular", "markov", "device"),
    ),
}
FILES: Final[dict[str, dict[str, ModelFile]]] = {
    "detector": model_files("detectors", SHIPPED["detector"]),
    "predictor": model_files("predictors", SHIPPED["predictor"]),
}
ADDED: Final[dict[str, tuple[str, ...]]] = {
    kind: tuple(name for name in files if name not in SHIPPED[kind]) for kind, files in FILES.items()
}


def _ranks_tokens(name: str) -> bool:
    return name.startswith("Token") and name.endswith("Predictor")


def _ranks_actions(name: str) -> bool:
    return name.endswith("Predictor") and not name.startswith("Token")


def predictors_of(files: Collection[ModelFile]) -> tuple[dict[str, str], dict[str, str]]:
    """Registries of what ranks actions, and of what ranks single tokens.

    A file does the first unless its class is called ``Token...Predictor``; it may have one of each.
    """
    tokens = [file for file in files if any(map(_ranks_tokens, file.classes))]
    actions = [file for file in files if file not in tokens or any(map(_ranks_actions, file.classes))]
    return entries(actions, _ranks_actions), entries(tokens, _ranks_tokens)


DETECTORS: Final = entries(FILES["detector"].values(), lambda name: name.endswith("Detector"))
# What ranks actions after a history, under both protocols; what the release ranks single tokens by.
PREDICTORS, TOKEN_PREDICTORS = predictors_of(FILES["predictor"].values())
REGISTRIES: Final = {
    "detector": DETECTORS,
    "predictor": PREDICTORS,
    "token_predictor": TOKEN_PREDICTORS,
}


def axis_of(registry: str) -> str:
    """What records call the models of a registry.

    Example:
        >>> axis_of("token_predictor")
        'predictor'
    """
    return "detector" if registry == "detector" else "predictor"


def added_code(kind: str, name: str) -> str | None:
    """SHA-256 of the file of an added model, or of all Python files of its folder if it is one.

    None of a shipped one, whose version the package counts.

    It is part of a cell's key, so that a changed file is run again.
    """
    if name not in ADDED[kind]:
        return None
    path = FILES[kind][name].path
    files = sorted(path.parent.rglob("*.py")) if path.name == "__init__.py" else [path]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
