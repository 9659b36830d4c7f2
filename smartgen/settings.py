"""What one cell is made of: plain dataclasses, filled and checked by Hydra (config.py), read by everybody.

The values and the meaning of every key stand in conf/. Nothing here knows of Hydra or torch.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from smartgen.protocol_settings import AdaptationSettings as AdaptationSettings
from smartgen.protocol_settings import ProtocolSettings as ProtocolSettings
from smartgen.protocol_settings import ReleasedProtocolSettings as ReleasedProtocolSettings
from smartgen.protocol_settings import UnifiedProtocolSettings as UnifiedProtocolSettings


@dataclass
class DatasetSettings:
    """conf/dataset: which home."""

    name: str = "???"
    kind: str = "release"
    household: int | None = None
    days: int = 28
    percentile: dict[str, float] = field(default_factory=dict)
    study: str | None = None
    study_percentile: dict[str, float] = field(default_factory=dict)
    ssc_threshold: dict[str, float] = field(default_factory=dict)


@dataclass
class ChangeSettings:
    """What the new context changes, for synthesizers that do not read prose."""

    hour_shift: int = 0
    replace: dict[str, list[str]] = field(default_factory=dict)
    lengthen: float = 1.0


@dataclass
class ReleasedRuleSettings:
    """How the authors' code treats a transition (protocol=released)."""

    field: str = "action"
    attack: str = "heater"
    window_attack: str = "heater"
    hold_out: bool = True


@dataclass
class TransitionSettings:
    """conf/transition: from which context to which."""

    name: str = "???"
    code: str = "???"
    source: str = "???"
    target: str = "???"
    split: str | None = None
    before: str = "???"
    after: str = "???"
    change: ChangeSettings = field(default_factory=ChangeSettings)
    released: ReleasedRuleSettings = field(default_factory=ReleasedRuleSettings)


@dataclass
class TssSettings:
    """conf/stage/tss."""

    name: str = "released"
    algorithm: str = "released"
    max_gap_hours: float = 9
    max_duration_hours: float = 24


@dataclass
class AutoencoderSettings:
    """The autoencoder of SSC and TOF: sizes and training."""

    d_model: int = 256
    heads: int = 4
    layers: int = 2
    epochs: int = 15
    batch_size: int = 512
    learning_rate: float = 1e-3
    padded: bool = False


@dataclass
class SscSettings:
    """conf/stage/ssc."""

    name: str = "none"


@dataclass
class SelectionSettings(SscSettings):
    """What every way of compressing has: how much stays, and among which sequences it is chosen."""

    threshold: float | None = None
    share: float | None = None
    group: str = "weekday"


@dataclass
class SimilaritySscSettings(SelectionSettings):
    """conf/stage/ssc/similarity."""

    strip_zeros: bool = True


@dataclass
class EncodedSscSettings(AutoencoderSettings, SelectionSettings):
    """conf/stage/ssc/released, sound and random."""

    dropout: bool = True
    draw: int | None = None
    positions: bool = False
    pooling: str = "flattened"


@dataclass
class GssSettings:
    """conf/stage/gss."""

    name: str = "released"
    top_k: int = 5


@dataclass
class TofSettings:
    """conf/stage/tof."""

    name: str = "none"


@dataclass
class RecordedTofSettings(TofSettings):
    """conf/stage/tof/recorded_stage1 and recorded: what the authors' own run kept."""

    variant: str = "filter_true"


@dataclass
class StageOneSettings(AutoencoderSettings, TofSettings):
    """conf/stage/tof/stage1, released and influence."""

    whisker: float = 1.5


@dataclass
class RepeatedTofSettings(StageOneSettings):
    """conf/stage/tof/repeated."""

    repeats: int = 5
    significance: float = 0.05


@dataclass
class StageSettings:
    """conf/stage: the five stages but for the synthesizer, which has a group of its own."""

    tss: TssSettings = field(default_factory=TssSettings)
    ssc: SscSettings = field(default_factory=SscSettings)
    gss: GssSettings = field(default_factory=GssSettings)
    tof: TofSettings = field(default_factory=TofSettings)


@dataclass
class SynthesizerSettings:
    """conf/synthesizer: what writes new sequences."""

    name: str = "???"


@dataclass
class ReplaySettings(SynthesizerSettings):
    """conf/synthesizer/replay: the release's recorded answers."""

    level: str = "filtered"
    collection: str = "detection"
    threshold: float = 0.0
    llm: str = "gpt-4o"
    variant: str | None = None
    compression: str = "SPPC"
    recover: bool = False


@dataclass
class WalkSettings(SynthesizerSettings):
    """conf/synthesizer/walk: a random walk on the behavior graph, a control without an LLM."""

    sequences: int = 200


@dataclass
class DetectorSettings:
    """conf/detector: what is trained to find anomalies.

    Attributes:
        released_only, unified_only: keys that one protocol alone reads; cells of the other do
            not hang on them.
    """

    name: str = "???"
    released_only: ClassVar[tuple[str, ...]] = ()
    unified_only: ClassVar[tuple[str, ...]] = ()


@dataclass
class RowDetectorSettings(DetectorSettings):
    """Detectors that the release fits together with what they judge (D26): lof, isolation_forest, ocsvm."""


@dataclass
class LofSettings(RowDetectorSettings):
    """conf/detector/lof."""

    neighbors: int = 20
    contamination: float = 0.2
    released_only: ClassVar[tuple[str, ...]] = ("contamination",)


@dataclass
class IsolationForestSettings(RowDetectorSettings):
    """conf/detector/isolation_forest."""

    trees: int = 100
    cut: float = 0.5
    random_state: int | None = 42
    released_only: ClassVar[tuple[str, ...]] = ("cut", "random_state")


@dataclass
class OcsvmSettings(RowDetectorSettings):
    """conf/detector/ocsvm."""

    nu: float = 0.1
    gamma: float = 0.1
    unified_gamma: float | None = None
    released_only: ClassVar[tuple[str, ...]] = ("gamma",)
    unified_only: ClassVar[tuple[str, ...]] = ("unified_gamma",)


@dataclass
class AegisSettings(DetectorSettings):
    """conf/detector/aegis."""

    smoothing: float = 1e-10
    cut: float = 50.0
    released_only: ClassVar[tuple[str, ...]] = ("smoothing", "cut")


@dataclass
class NeuralDetectorSettings(DetectorSettings):
    """What the networks among the detectors share; sizes and epochs are of protocol released."""

    d_model: int = 128
    epochs: int = 15
    batch_size: int = 32
    learning_rate: float = 1e-3
    released_only: ClassVar[tuple[str, ...]] = ("d_model", "epochs", "batch_size")


@dataclass
class AutoencoderDetectorSettings(NeuralDetectorSettings):
    """conf/detector/autoencoder."""

    activation: bool = False


@dataclass
class ArgusSettings(NeuralDetectorSettings):
    """conf/detector/argus."""

    dropout: float = 0.0


@dataclass
class TransAESettings(NeuralDetectorSettings):
    """conf/detector/transae and transae_baseline."""

    d_model: int = 512
    heads: int = 8
    layers: int = 2
    packed: bool = True
    masked: bool = True
    network: str = "smartgen"
    positions: bool = False
    released_only: ClassVar[tuple[str, ...]] = (
        *NeuralDetectorSettings.released_only,
        *("heads", "packed", "network", "positions"),
    )
    unified_only: ClassVar[tuple[str, ...]] = ("masked",)


@dataclass
class SscAutoencoderSettings(AutoencoderSettings, DetectorSettings):
    """conf/detector/ssc_autoencoder: the autoencoder of SSC, as what a compressed log has to serve."""


@dataclass
class PredictorSettings:
    """conf/predictor: what is trained to foretell the next action."""

    name: str = "???"
    released_seed: int = 2024


@dataclass
class WindowPredictorSettings(PredictorSettings):
    """conf/predictor/fpmc, lstm, carnn, caser and siar: networks over the last nine actions."""

    width: int = 64
    epochs: int = 100
    batch_size: int = 32
    learning_rate: float = 1e-3
    weight_decay: float = 1e-5
    decay_every: int = 20
    decay: float = 0.5
    unified_width: int | None = None


@dataclass
class HmmSettings(PredictorSettings):
    """conf/predictor/hmm."""

    states: int = 30
    iterations: int = 30
    smoothing: float = 0.1


@dataclass
class SasrecSettings(PredictorSettings):
    """conf/predictor/sasrec."""

    width: int = 50
    blocks: int = 2
    heads: int = 1
    length: int = 200
    dropout: float = 0.2
    epochs: int = 50
    batch_size: dict[str, int] = field(default_factory=dict)
    learning_rate: float = 1e-3
    folded: bool = True


@dataclass
class TrainerSettings:
    """conf/trainer: how to compute, not what."""

    accelerator: str = "auto"
    precision: str = "32-true"
    threads: int = 1
    progress: bool = False


@dataclass
class TrackingSettings:
    """conf/tracking: the W&B mirror of the records."""

    name: str = "none"
    mode: str = "offline"
    project: str = "smartgen"
    group: str | None = None


@dataclass
class PathSettings:
    """Where things are."""

    outputs: str = "outputs"
    release: str = "release"
    models: str = "models"


@dataclass
class CellSettings:
    """One cell: everything that gives one set of numbers."""

    dataset: DatasetSettings = field(default_factory=DatasetSettings)
    transition: TransitionSettings = field(default_factory=TransitionSettings)
    task: str = "detection"
    regime: str = "synthetic"
    stage: StageSettings = field(default_factory=StageSettings)
    synthesizer: SynthesizerSettings = field(default_factory=SynthesizerSettings)
    detector: DetectorSettings = field(default_factory=DetectorSettings)
    predictor: PredictorSettings = field(default_factory=PredictorSettings)
    protocol: ProtocolSettings = field(default_factory=ProtocolSettings)
    adaptation: AdaptationSettings = field(default_factory=AdaptationSettings)
    trainer: TrainerSettings = field(default_factory=TrainerSettings)
    tracking: TrackingSettings = field(default_factory=TrackingSettings)
    paths: PathSettings = field(default_factory=PathSettings)
    seed: int = 2024
    force: bool = False
    plan: bool = False
    save: bool = False
