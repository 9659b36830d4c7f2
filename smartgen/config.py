"""Hydra's side of the settings: schemas for conf/, and a composed config turned into plain dataclasses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast, get_type_hints

from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.errors import HydraException, MissingConfigException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from smartgen.added import added_systems, models, more_systems, own_schemas
from smartgen.core.errors import SmartgenError
from smartgen.core.models import FILES
from smartgen.core.registry import file_of
from smartgen.core.resources import resource_dir
from smartgen.logs_settings import LogsSettings
from smartgen.overrides import read_back, with_spelled_keys
from smartgen.settings import (
    AdaptationSettings,
    AegisSettings,
    ArgusSettings,
    AutoencoderDetectorSettings,
    CellSettings,
    DetectorSettings,
    EncodedSscSettings,
    HmmSettings,
    IsolationForestSettings,
    LofSettings,
    NeuralDetectorSettings,
    OcsvmSettings,
    PredictorSettings,
    RecordedTofSettings,
    ReleasedProtocolSettings,
    RepeatedTofSettings,
    ReplaySettings,
    SasrecSettings,
    SimilaritySscSettings,
    SscAutoencoderSettings,
    StageOneSettings,
    TransAESettings,
    UnifiedProtocolSettings,
    WalkSettings,
    WindowPredictorSettings,
)
from smartgen.synthesizer_settings import EmbeddedSettings, LlmSettings, ResampleSettings

# Variables that say how many threads the libraries below torch and NumPy take.
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
# Keys whose values a person writes freely.
FREE_TEXT = (
    "transition.source",
    "transition.target",
    "transition.before",
    "transition.after",
    "transition.split",
    "dataset.path",
)
# What is written in Hydra's grammar: plain words, a quoted text, a call, a reference; in a sweep several.
_ONE = (
    r"(?:[\w./:@+-]*|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
    r"|(?:choice|range|glob|sort|shuffle|interval|tag)\(.*\)|\$\{.*\})"
)
ONE_VALUE = re.compile(_ONE, re.ASCII)
VALUES = re.compile(rf"{_ONE}(?:,{_ONE})*", re.ASCII)
# How like another a key must be to be taken for it misspelt: twice the letters in common by those of both.
NEAR = 0.65
# Hydra's launchers that come with an extra of this package, by the extra's name.
EXTRAS = {"submitit_slurm": "submitit", "submitit_local": "submitit", "ray": "ray"}

# Group, name and dataclass of each choice that has keys of its own.
CHOICES = (
    ("dataset", "logs_schema", LogsSettings),
    ("stage/ssc", "encoded_schema", EncodedSscSettings),
    ("stage/ssc", "similarity_schema", SimilaritySscSettings),
    ("stage/tof", "stage1_schema", StageOneSettings),
    ("stage/tof", "repeated_schema", RepeatedTofSettings),
    ("stage/tof", "recorded_schema", RecordedTofSettings),
    ("detector", "ssc_autoencoder_schema", SscAutoencoderSettings),
    ("synthesizer", "replay_schema", ReplaySettings),
    ("synthesizer", "walk_schema", WalkSettings),
    ("synthesizer", "resample_schema", ResampleSettings),
    ("synthesizer", "llm_schema", LlmSettings),
    ("synthesizer", "embedded_schema", EmbeddedSettings),
    ("detector", "transae_schema", TransAESettings),
    ("detector", "lof_schema", LofSettings),
    ("detector", "isolation_forest_schema", IsolationForestSettings),
    ("detector", "ocsvm_schema", OcsvmSettings),
    ("detector", "aegis_schema", AegisSettings),
    ("detector", "autoencoder_schema", AutoencoderDetectorSettings),
    ("detector", "argus_schema", ArgusSettings),
    ("detector", "neural_schema", NeuralDetectorSettings),
    ("detector", "control_schema", DetectorSettings),
    ("predictor", "hmm_schema", HmmSettings),
    ("predictor", "window_schema", WindowPredictorSettings),
    ("predictor", "sasrec_schema", SasrecSettings),
    ("predictor", "control_schema", PredictorSettings),
    ("adaptation", "adaptation_schema", AdaptationSettings),
    ("protocol", "released_schema", ReleasedProtocolSettings),
    ("protocol", "unified_schema", UnifiedProtocolSettings),
)

# Files of models without settings of their own, to begin from.
PLAIN = {"detector": "seen", "predictor": "popular"}


def register_schemas() -> None:
    """Give Hydra the types: a misspelt key or a wrong type then fails before anything runs.

    Raises:
        SmartgenError: the file of a model that was added cannot be used.
    """
    for resolver in (workers, gpus, models, more_systems):
        OmegaConf.register_new_resolver(f"smartgen_{resolver.__name__}", resolver, replace=True)
    store = ConfigStore.instance()
    store.store(name="cell_schema", node=CellSettings)
    for group, name, node in (*CHOICES, *own_schemas()):
        store.store(group=group, name=name, node=node)
    for name, row in (added_systems("detector") | added_systems("predictor")).items():
        store.store(group="system", name=name, node=row, package="_global_")


def workers(threads: int, accelerator: str) -> int:
    """Cells that run at once on this machine without sharing a core; one where each wants the GPU.

    Args:
        threads: of a cell.
        accelerator: Lightning's word.
    """
    from joblib import cpu_count

    return 1 if gpus(accelerator) else max(1, int(cpu_count()) // max(1, threads))


def gpus(accelerator: str) -> int:
    """GPUs of a cell: 1 or 0.

    Example:
        >>> gpus("gpu"), gpus("cpu"), gpus("auto")
        (1, 0, 0)
    """
    return int(accelerator in ("gpu", "cuda"))


def config_dir() -> Path:
    """The folder ``conf``: of the clone, or packed into the installed wheel."""
    return resource_dir("conf")


def own_config_folders(hydra: Any) -> list[str]:
    """The folder that ``--config-dir`` names, absolute, if it does.

    Args:
        hydra: Hydra's part of a config, a DictConfig.
    """
    sources = OmegaConf.select(hydra, "runtime.config_sources", default=[])
    return [str(Path(source.path).absolute()) for source in sources if source.provider == "command-line"]


def compose_cell(*overrides: str) -> CellSettings:
    """One cell's settings outside the command line, as ``smartgen`` would have them.

    Example:
        >>> compose_cell("dataset=demo", "seed=3", "tracking=none").seed
        3

    Raises:
        SmartgenError: what ``smartgen`` refuses too.
    """
    register_schemas()
    try:
        with initialize_config_dir(str(config_dir()), version_base="1.3"):
            return to_settings(compose("config", overrides=[*map(with_spelled_keys, overrides)]))
    except HydraException as error:
        raise SmartgenError(explain(error)) from error


def explain(error: BaseException) -> str:
    """One line for a person: what is wrong, and what there is to choose."""
    if isinstance(error, MissingConfigException) and error.options and error.missing_cfg_file:
        group, _, name = error.missing_cfg_file.rpartition("/")
        if group == "hydra/launcher" and name in EXTRAS:
            return f"launcher={EXTRAS[name]} needs an extra: pip install 'smartgen[{EXTRAS[name]}]'"
        if name in FILES.get(group, ()):
            return (
                f"{group}={name}: {file_of(FILES[group][name].module)} is there, "
                f"conf/{group}/{name}.yaml is not; write it, as conf/{group}/{PLAIN[group]}.yaml is"
            )
        choices = [option for option in error.options if not option.endswith("_schema")]
        return f"{group}={name} is unknown, choose one of {', '.join(choices)}"
    told = " ".join(str(error).splitlines()[:2])
    if isinstance(error.__cause__, OmegaConfBaseException):
        told = f"{told.split('. To append')[0].removesuffix('.')}: {str(error.__cause__).splitlines()[0]}"
    if (within := re.search(r"In '(\w+/[\w.-]+)'", told)) is not None:
        return f"{told}; conf/{within[1]}.yaml says on top what it goes with"
    if hint := meant(str(getattr(error.__cause__, "full_key", None) or "")):
        return f"{told}; {hint}"
    if "is not in struct" in told:  # of a table that takes further keys
        told = f"{told}; +KEY=VALUE adds one where a table takes more"
    return f"{told}; `smartgen --cfg job` shows every key"


def meant(key: str) -> str:
    """The keys that somebody may have had in mind, as a question; "" where none is near.

    One whose last word is nearly this one's, of the group that was named; or else up to three whose last word
    is this one's, or nearly so, anywhere.

    Example:
        >>> meant("zone"), meant("detector.dmodel"), meant("foo")
        ('did you mean dataset.zone=?', 'did you mean detector.d_model=?', '')
    """
    group, _, last = key.replace("/", ".").rpartition(".")
    groups: dict[str, list[str]] = {}  # by the last word
    for path in dict.fromkeys(_known_keys()):
        groups.setdefault(path.rpartition(".")[2], []).append(path.rpartition(".")[0])
    if group in groups.get(last, ()):
        return ""  # which another choice of the group has
    own = get_close_matches(last, [word for word, found in groups.items() if group in found], 1, NEAR)
    if own and (group or last not in groups):
        chosen = [(group, own[0])]
    else:
        words = [last] if last in groups else get_close_matches(last, groups, 1, NEAR)
        chosen = [(found, word) for word in words for found in groups[word]][:3]
    told = " or ".join(f"{'.'.join(filter(None, path))}=" for path in chosen)
    return f"did you mean {told}?" if told else ""


def _known_keys() -> Iterator[str]:
    """Every key of every choice, as it is written on the command line."""
    yield from _keys_of(CellSettings, "")
    for group, _, node in (*CHOICES, *own_schemas()):
        yield from _keys_of(node, f"{group.replace('/', '.')}.")


def _keys_of(node: type[Any], path: str) -> Iterator[str]:
    for name, kind in get_type_hints(node).items():
        yield f"{path}{name}"
        if is_dataclass(kind):
            yield from _keys_of(cast(type[Any], kind), f"{path}{name}.")


def assigned(key: str, value: str) -> str:
    """An override whose value may hold anything, as paths may.

    Example:
        >>> print(assigned("paths.outputs", "it's here"))
        paths.outputs='it\\'s here'
    """
    # A backslash is one, unless a quote follows: then two are.
    escaped = re.sub(r"(\\*)('|\Z)", lambda end: 2 * end[1] + ("\\'" if end[2] else ""), value)
    return f"{key}='{escaped}'"


def spoken(argument: str, sweep: bool = False) -> str:
    """An override as Hydra takes it, where a person writes prose, a file's name or two spans.

    Hydra's grammar ends at an apostrophe, a parenthesis, or a letter outside ASCII, and a comma parts values.
    So a value of ``FREE_TEXT`` is one text, unless it is written in that grammar: quoted, referring to
    another key, or, in a sweep, several values. Of any other key, the keys of its tables are spelled.

    Args:
        sweep: whether several values are meant where there are commas between plain words.

    Example:
        >>> print(spoken("transition.target=warm spring, windows open"))
        transition.target='warm spring, windows open'
        >>> print(spoken("transition.target=spring,autumn"))
        transition.target='spring,autumn'
        >>> print(spoken("transition.target=spring,autumn", sweep=True))
        transition.target=spring,autumn
    """
    key, _, value = argument.partition("=")
    spans = key == "transition.split" and value.count("/") == 2
    grammar = VALUES if sweep and not spans else ONE_VALUE
    if key not in FREE_TEXT:
        return with_spelled_keys(argument)
    return argument if grammar.fullmatch(value) else assigned(key, value)


def to_settings(config: DictConfig) -> CellSettings:
    """A composed config as plain dataclasses, all references resolved.

    Raises:
        SmartgenError: a key without a value, or a reference to a key that is not there.
    """
    try:
        settings = cast(CellSettings, OmegaConf.to_object(config))
    except OmegaConfBaseException as error:
        raise SmartgenError(f"config: {str(error).splitlines()[0]}") from error
    _refuse_foreign(settings, "")
    return cast(CellSettings, read_back(settings))


def _refuse_foreign(settings: Any, path: str) -> None:
    """Refuse keys that ``+key=value`` added and nothing reads."""
    known = {field.name for field in fields(settings)}
    for name, value in vars(settings).items():
        if name not in known:
            hint = meant(f"{path}{name}") or "`smartgen --cfg job` shows every key"
            raise SmartgenError(f"{path}{name} is no key; {hint}")
        if is_dataclass(value):
            _refuse_foreign(value, f"{path}{name}.")
