"""Small models that were trained, kept and loaded again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fuzzing.readers.home import HOME, LOG
from smartgen.blueprint import Blueprint
from smartgen.protocols.thresholds import Threshold
from smartgen.saved import SavedModel, Trained, load_model, save_models
from smartgen.settings import (
    DetectorSettings,
    HmmSettings,
    IsolationForestSettings,
    PredictorSettings,
    SasrecSettings,
    TrainerSettings,
    TransAESettings,
    UnifiedProtocolSettings,
)

CPU = TrainerSettings(accelerator="cpu")
BUDGET = UnifiedProtocolSettings(name="unified", max_steps=2, check_every=1, batch_size=4, width=8)
SETTINGS: Mapping[str, DetectorSettings | PredictorSettings] = {
    "seen": DetectorSettings("seen"),
    "transae": TransAESettings("transae", d_model=8, heads=2, layers=1, epochs=1),
    "isolation_forest": IsolationForestSettings("isolation_forest", random_state=None),
    "markov": PredictorSettings("markov"),
    "hmm": HmmSettings("hmm", states=4),
    "sasrec": SasrecSettings("sasrec", dropout=0.0),
}


def kept(folder: Path, name: str) -> Path:
    """The JSON file of a trained model, with its weights beside it."""
    settings = SETTINGS[name]
    kind = "detector" if isinstance(settings, DetectorSettings) else "predictor"
    design = Blueprint(kind, HOME, settings, 1, CPU, BUDGET)
    model = design.make().fit([LOG], [LOG])
    border = Threshold(0.5, strict=True) if kind == "detector" else None
    save_models(folder, name, {"task": kind}, [Trained("model", model, design, border)], "Europe/Berlin")
    return folder / "runs" / name / "models/model.json"


def trained(folder: Path, name: str) -> SavedModel:
    """The model itself, loaded."""
    return load_model(kept(folder, name))
