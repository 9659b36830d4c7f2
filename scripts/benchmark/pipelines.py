"""The pipelines that are measured as whole processes, imports included, and the plain way of each."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Pipeline:
    """One cell as a command.

    Args:
        words: its overrides.
        plain: more of them, which compute the same by the authors' arithmetic; empty: there is no other way.
    """

    words: tuple[str, ...]
    plain: tuple[str, ...] = ()


UNIFIED = ("dataset=demo", "protocol=unified")
PREDICTION = ("task=prediction", "regime=adapted", "protocol.few=0", "protocol.few_order=0")
DEMO = {
    "demo: seen, unified": Pipeline((*UNIFIED, "detector=seen")),
    "demo: transae, unified": Pipeline((*UNIFIED, "detector=transae")),
    "demo: sasrec, unified": Pipeline((*UNIFIED, "task=prediction", "predictor=sasrec")),
    "demo: adapted, markov": Pipeline(
        (*UNIFIED, "task=prediction", "predictor=markov", "regime=adapted", "protocol.few=0")
    ),
    "demo: ssc, walk, tof": Pipeline((*UNIFIED, "stage/ssc=sound", "stage/tof=stage1")),
}
RELEASED = {
    "table2: aegis, FR ST": Pipeline(("experiment=table2", "system=aegis")),
    "table2: lof, FR ST": Pipeline(("experiment=table2", "system=lof")),
    "table2: autoencoder, FR ST": Pipeline(("experiment=table2", "system=autoencoder")),
    "table2: transae, FR ST": Pipeline(("experiment=table2", "system=transae"), ("detector.packed=false",)),
    "table2: SmartGen, FR ST": Pipeline(
        ("experiment=table2", "system=smartgen_transae"), ("detector.packed=false",)
    ),
    "table3: lstm, FR ST": Pipeline(("experiment=table3", "system=lstm")),
    "table3: hmm, FR ST": Pipeline(("experiment=table3", "system=hmm")),
    "table3: SmartGen, FR TT": Pipeline(
        ("experiment=table3", "system=smartgen_sasrec", "transition=schedule"), ("predictor.folded=false",)
    ),
    "table5: TOF as released, FR TT": Pipeline(
        ("experiment=table5", "stage/tof=released", "transition=schedule"), ("stage.tof.padded=true",)
    ),
    "table9: SSC, FR TT": Pipeline(("experiment=table9", "transition=schedule"), ("stage.ssc.padded=true",)),
    "unified: transae, FR ST": Pipeline(("protocol=unified", "synthesizer=replay")),
    "unified: sasrec, FR ST": Pipeline(
        ("protocol=unified", "synthesizer=replay", "task=prediction", "predictor=sasrec")
    ),
    "adapted: markov, FR ST": Pipeline(("experiment=worth", *PREDICTION)),
    "adapted: sasrec, FR ST": Pipeline(("experiment=worth", *PREDICTION, "predictor=sasrec")),
}
HOME = ("dataset=fr", "seed=2024")


def pipelines() -> dict[str, Pipeline]:
    """Those on the demo home, and where there are the authors' data, those on one cell of them."""
    if not os.environ.get("SMARTGEN_RELEASE"):
        return DEMO
    return DEMO | {name: _one_cell(pipeline) for name, pipeline in RELEASED.items()}


def _one_cell(pipeline: Pipeline) -> Pipeline:
    """Of a sweep its cell in FR, seasonal unless another change is named."""
    named = any(word.startswith("transition=") for word in pipeline.words)
    change = () if named else ("transition=seasonal",)
    return Pipeline((*pipeline.words, *HOME, *change), pipeline.plain)
