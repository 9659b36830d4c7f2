"""The pipelines that are measured as whole processes, imports included."""

from __future__ import annotations

import os

DEMO = {
    "demo: seen, unified": ("dataset=demo", "protocol=unified", "detector=seen"),
    "demo: transae, unified": ("dataset=demo", "protocol=unified", "detector=transae"),
    "demo: sasrec, unified": ("dataset=demo", "protocol=unified", "task=prediction", "predictor=sasrec"),
    "demo: ssc, walk, tof": ("dataset=demo", "protocol=unified", "stage/ssc=sound", "stage/tof=stage1"),
}
RELEASED = {
    "table2: aegis, FR ST": ("experiment=table2", "system=aegis"),
    "table2: autoencoder, FR ST": ("experiment=table2", "system=autoencoder"),
    "table2: SmartGen, FR ST": ("experiment=table2", "system=smartgen_transae"),
    "table3: lstm, FR ST": ("experiment=table3", "system=lstm"),
    "table3: hmm, FR ST": ("experiment=table3", "system=hmm"),
    "table3: SmartGen, FR ST": ("experiment=table3", "system=smartgen_sasrec"),
    "table5: TOF as released, FR TT": ("experiment=table5", "stage/tof=released", "transition=schedule"),
    "table9: SSC, FR ST": ("experiment=table9",),
    "adapted: markov, FR ST": ("experiment=worth", "task=prediction", "regime=adapted", "protocol.few=0"),
    "adapted: sasrec, FR ST": (
        *("experiment=worth", "task=prediction", "predictor=sasrec"),
        *("regime=adapted", "protocol.few=0"),
    ),
}
HOME = ("dataset=fr", "seed=2024")


def pipelines() -> dict[str, tuple[str, ...]]:
    """The overrides of each, one cell a pipeline; those on the authors' data where there is such."""
    if not os.environ.get("SMARTGEN_RELEASE"):
        return DEMO
    return DEMO | {name: _one_cell(words) for name, words in RELEASED.items()}


def _one_cell(words: tuple[str, ...]) -> tuple[str, ...]:
    """Of a sweep its cell in FR, seasonal unless another change is named."""
    change = () if any(word.startswith("transition=") for word in words) else ("transition=seasonal",)
    order = ("protocol.few_order=0",) if "experiment=worth" in words else ()
    return (*words, *HOME, *change, *order)
