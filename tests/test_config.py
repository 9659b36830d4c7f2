"""Every config file is a test case: composed, checked against its schema, and built."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import ConfigCompositionException
from hypothesis import given
from hypothesis import settings as rounds
from hypothesis import strategies as st

from smartgen.cell import Prepared
from smartgen.check import check_settings
from smartgen.config import assigned, compose_cell, config_dir, meant, register_schemas, to_settings
from smartgen.overrides import read_back, spelled, with_spelled_keys
from smartgen.settings import AutoencoderSettings, CellSettings, DatasetSettings
from smartgen.synthesizer_settings import EmbeddedSettings, LlmSettings

CONF = config_dir()
GROUP_FILES = sorted(path for path in CONF.rglob("*.yaml") if path.parent != CONF)
MANY = 60  # cells of a sweep, each of which takes a quarter of a second to compose
EXPERIMENTS = sorted(path.stem for path in (CONF / "experiment").glob("*.yaml") if path.stem != "adapt")


@pytest.fixture(autouse=True)
def hydra_here() -> Iterator[None]:
    register_schemas()
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        yield


def settings(*overrides: str) -> CellSettings:
    return to_settings(compose("config", overrides=list(overrides)))


def choice(path: Path) -> str:
    return f"{path.parent.relative_to(CONF).as_posix()}={path.stem}"


REPLAYED = (
    "table2",
    "table2_unified",
    "table3",
    "table3_unified",
    "table5",
    "table4",
    "fig4",
    "fig7",
    "fig8",
    "threshold",
    "worth",
    "adaptation",
)  # experiments on recorded answers
# Studies that name the LLM of a recorded set.
RECORDED_LLMS = ("llama-70b", "qwen-72b", "gpt-4o")
FOR_RELEASE = (*REPLAYED, *RECORDED_LLMS, "released_ablation")  # which read what other homes lack


OWN = ("own", "logs")  # which only a home of one's own has


def homes_for(path: Path) -> list[str]:
    """The demo home for every choice but those that need recorded answers, a released one for all."""
    if path.stem in OWN:
        return ["logs"]
    recorded = path.stem.startswith(("replay", "recorded")) or path.stem in FOR_RELEASE
    return ["fr"] if recorded else ["demo", "fr"]


# The sets before TOF; any other recorded set fixes the stages it was made with, so stages go with a walk.
RECORDED = ["synthesizer=replay", "synthesizer.collection=tof", "synthesizer.variant=''"]
WITHOUT_DETECTOR = {"D29_argus": "argus", "D29_autoencoder": "autoencoder"}
PAIRS = [(path, home) for path in GROUP_FILES for home in homes_for(path)]


@pytest.mark.parametrize(("path", "dataset"), PAIRS, ids=[f"{choice(p)}-{home}" for p, home in PAIRS])
def test_every_choice_composes_and_builds(path: Path, dataset: str, tmp_path: Path) -> None:
    own = [] if path.parent.name == "dataset" else [f"dataset={dataset}"]
    if path.stem in OWN:
        log = tmp_path / "home.csv"
        log.write_text("time,device,action\n2024-03-01T07:00:00+01:00,lamp,turn_on\n", encoding="utf-8")
        own += [f"dataset.path={log}", "task=compression"]  # which needs nothing of the new context
    if path.stem == "ssc_autoencoder":
        own.append("task=reconstruction")
    if path.stem == "device":
        own.append("protocol=released")  # the only one that shows the device
    if path.parent.name == "without":  # quirks of the authors' code, some of them of one detector
        detector = WITHOUT_DETECTOR.get(path.stem, "transae")
        own += ["protocol=released", f"detector={detector}"]
    if path.stem in ("replay_ablation", "replay_study"):
        own.append("stage/ssc=released")  # what they were recorded with
    if path.parent.name in ("ablation", "study"):
        own.append("synthesizer=replay_study" if path.stem in RECORDED_LLMS else "synthesizer=walk")
        own += ["stage/ssc=released"] if path.stem in RECORDED_LLMS else []
    if path.parent.parent.name == "stage":
        own += RECORDED if path.stem.startswith("recorded") else ["synthesizer=walk"]
    cell = settings(*own, choice(path), f"paths.outputs={tmp_path}")
    assert "???" not in str(cell), "a key has no value"
    check_settings(cell)
    if cell.dataset.kind == "demo":  # others need the authors' data
        for stage in (cell.stage.ssc, cell.stage.tof):
            if isinstance(stage, AutoencoderSettings):  # built, but not for minutes
                stage.d_model, stage.heads, stage.layers, stage.epochs = 16, 2, 1, 1
        if isinstance(cell.synthesizer, EmbeddedSettings):  # its file is known by its checksum alone
            model = tmp_path / "model.gguf"
            model.write_bytes(b"weights")
            cell.synthesizer.model_path = str(model)
        prepared = Prepared(cell)
        assert prepared.key.startswith("demo-")
        if isinstance(cell.synthesizer, LlmSettings):  # all but the calls
            plan = prepared.pipeline.plan()
            assert plan is not None
            assert plan.calls > 0
        else:
            assert len(prepared.pipeline.synthetic) > 0


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_cell_of_every_sweep_composes(experiment: str) -> None:
    config = compose("config", overrides=[f"experiment={experiment}"], return_hydra_config=True)
    axes = dict(config.hydra.sweeper.params)
    assert axes
    choices = [[f"{axis}={value}" for value in str(values).split(",")] for axis, values in axes.items()]
    # One seed: in seeds cells differ without composing differently.
    choices = [values[:1] if values[0].startswith("seed=") else values for values in choices]
    chosen_ones = list(itertools.product(*choices))
    if len(chosen_ones) > MANY:  # then each value once, beside the first ones of the other axes
        first = tuple(values[0] for values in choices)
        varied = [
            (*first[:i], value, *first[i + 1 :]) for i, values in enumerate(choices) for value in values
        ]
        chosen_ones = list(dict.fromkeys(varied))
    cells = [settings(f"experiment={experiment}", *chosen) for chosen in chosen_ones]
    for cell in cells:
        check_settings(cell)
    # The study by which a percentile is looked up is no difference: see the pair below.
    seen = [repr(replace(cell, dataset=replace(cell.dataset, study=None))) for cell in cells]
    double = {chosen_ones[seen.index(one)] for one in seen if seen.count(one) > 1}
    assert all("study=gap_9" in chosen for chosen in double), "two cells of the sweep are the same"


SOURCE = re.compile(r"\((ours|release|paper)|\(the paper")


@pytest.mark.parametrize("path", [*GROUP_FILES, CONF / "config.yaml"], ids=lambda path: path.stem)
def test_every_key_is_explained_on_its_line_with_its_source(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("#")
    if path.parent.name in ("experiment", "debug"):
        return  # overlays: what they set is explained where it is defined
    for line in lines:
        if line.startswith(("hydra:", "defaults:")) and path.stem == "config":
            break
        key = re.match(r"( *)(\w+): (\S.*)", line)
        if key and key[2] not in ("defaults", "override"):
            assert SOURCE.search(line), f"{path}: {line}"


def test_the_released_settings_are_the_releases() -> None:
    percentiles = {d: settings(f"dataset={d}").dataset.percentile for d in ("fr", "sp", "us")}
    assert percentiles["fr"] == {"seasonal": 95.5, "schedule": 95, "occupancy": 99}
    assert percentiles["sp"] == {"seasonal": 95, "schedule": 95, "occupancy": 99}
    assert percentiles["us"] == {"seasonal": 95, "schedule": 93, "occupancy": 99}
    cell = settings("dataset=us", "transition=schedule")
    assert (cell.protocol.percentile, cell.synthesizer.threshold) == (93, 0.919)  # type: ignore[attr-defined]


def test_a_dataset_of_ones_own_needs_one_file(tmp_path: Path) -> None:
    own = tmp_path / "dataset"
    own.mkdir()
    (own / "mine.yaml").write_text(yaml.safe_dump({"name": "mine", "kind": "release"}))
    cell = settings(
        f"hydra.searchpath=[file://{tmp_path}]", "dataset=mine", "protocol.percentile=90", "synthesizer=walk"
    )
    assert isinstance(cell.dataset, DatasetSettings)
    assert cell.dataset.name == "mine"


@pytest.mark.parametrize("override", ["detector.dmodel=3", "seeds=1", "stage.tss.gap=3"])
def test_a_misspelt_key_is_refused(override: str) -> None:
    with pytest.raises(ConfigCompositionException, match=override.split("=", maxsplit=1)[0].split(".")[-1]):
        settings(override)


@pytest.mark.parametrize("override", ["seed=x", "detector.d_model=1.5", "trainer.progress=7x"])
def test_a_wrong_type_is_refused(override: str) -> None:
    with pytest.raises(ConfigCompositionException):
        settings(override)


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("zone", "did you mean dataset.zone=?"),
        ("max_gap_hour", "did you mean stage.tss.max_gap_hours=?"),
        ("stage.tss.max_gap", "did you mean stage.tss.max_gap_hours=?"),
        ("percentile", "did you mean dataset.percentile= or protocol.percentile=?"),
        ("dataset.percentil", "did you mean dataset.percentile=?"),
        ("seeds", "did you mean seed=?"),
        ("dataset.zone", ""),  # of another choice of the group
        ("quux", ""),
        ("", ""),
    ],
)
def test_a_near_key_is_told(key: str, told: str) -> None:
    assert meant(key) == told


def test_every_key_that_is_told_is_one_of_the_config() -> None:
    """From a few words that are nowhere on top: what they are answered with composes."""
    for word, value in (("zone", "UTC"), ("max_gap_hours", "9"), ("settle_seconds", "1"), ("seeds", "2")):
        (key,) = re.fullmatch(r"did you mean ([\w.]+)=.*", meant(word)).groups()  # type: ignore[union-attr]
        settings("dataset=logs", f"{key}={value}")


TABLES = st.dictionaries(st.text(min_size=1), st.text(), max_size=4)


@given(TABLES)
@rounds(deadline=None)
def test_any_table_of_texts_comes_through_the_command_line(table: dict[str, str]) -> None:
    words = ", ".join(f"{quoted(key)}: {quoted(value)}" for key, value in table.items())
    argument = with_spelled_keys(f"+dataset.pairs={{{words}}}")
    assert with_spelled_keys(argument) == argument, "as a record's command has it"
    found = read_back(OverridesParser.create().parse_override(argument).value())
    assert found == table


def quoted(text: str) -> str:
    return assigned("", text).removeprefix("=")


@given(st.text(min_size=1))
def test_a_spelled_key_is_ascii_and_read_back(key: str) -> None:
    assert spelled(key).isascii()
    assert read_back({spelled(key): [{key: 1}]}) == {key: [{key: 1}]}


@pytest.mark.parametrize(
    "argument",
    [
        *("seed=3", "dataset.path=Küche.csv", "~dataset.pairs.open", "--cfg", "+a={b: c, d: [e, {f: g}]}"),
        *("a={b: ${c.d}, e: 'f: g'}", "a={b: c},{d: e}", "{", "a={'", "a={b: c\\, d}", "Küche=1", "=", ""),
    ],
)
def test_what_the_grammar_has_letters_for_stays(argument: str) -> None:
    assert with_spelled_keys(argument) == argument


def test_a_table_outside_the_command_line_takes_such_keys_too() -> None:
    GlobalHydra.instance().clear()
    cell = compose_cell(
        "experiment=adapt", "dataset.path=x.csv", "+transition.change.replace={Tür: [Lüfter, 'B']}"
    )
    assert cell.transition.change.replace == {"Tür": ["Lüfter", "B"]}
