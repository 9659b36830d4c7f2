"""What each cell of a sweep gets from Hydra: the same settings as ever, and nothing of it is kept."""

import copy

import pytest
from hydra import initialize_config_dir
from hydra._internal.callbacks import Callbacks
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import create_config_search_path
from hydra.core.utils import JobReturn
from hydra.errors import HydraException
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig, OmegaConf

from smartgen.config import config_dir, register_schemas
from smartgen.sweeps import context
from smartgen.sweeps.context import MOST, SweepLoader, for_many

CELLS = (
    ["seed=3"],
    ["dataset=demo", "seed=1", "detector=seen"],
    ["seed=1", "dataset=demo", "detector=seen"],
    ["debug=smoke", "dataset=demo", "dataset.days=9", "tracking=none", "seed=2"],
    ["experiment=table2", "system=lof", "seed=5"],
    ["synthesizer=gpt-4o", "++synthesizer.usd_per_million={prompt: 1, completion: 2}", "seed=5"],
    ["stage/tof=none", "stage.tof.name=x", "seed=1"],
    ["seed=1", "detector=transae", "~detector"],
    ["protocol={name: x}", "seed=1"],
    ["+further=3", "seed=2"],
    ["paths.outputs='it\\'s here'", "seed=2"],
    ["hydra.job.name=other", "seed=2"],
)


@pytest.fixture
def own() -> ConfigLoaderImpl:
    register_schemas()
    with initialize_config_dir(str(config_dir()), version_base="1.3"):
        return ConfigLoaderImpl(create_config_search_path(str(config_dir())))


@pytest.fixture
def quick(own: ConfigLoaderImpl) -> SweepLoader:
    context._composed.clear()
    return SweepLoader(own.get_search_path())


@pytest.fixture
def master(own: ConfigLoaderImpl) -> DictConfig:
    return own.load_configuration("config", ["seed=1,2"], RunMode.MULTIRUN)


def whole(config: DictConfig) -> dict:
    told = OmegaConf.to_container(config)
    assert isinstance(told, dict)
    assert "hydra" in told
    return told


@pytest.mark.parametrize("cell", CELLS, ids=" ".join)
def test_settings_are_those_that_hydra_composes(cell, own, quick, master) -> None:
    expected = own.load_sweep_config(master, cell)
    first, again = quick.load_sweep_config(master, cell), quick.load_sweep_config(master, cell)
    assert whole(first) == whole(again) == whole(expected)
    assert OmegaConf.is_struct(first) == OmegaConf.is_struct(expected)


@pytest.mark.parametrize(
    "cell", [["seed=many"], ["sede=3"], ["dataset=nope"], ["seed=1,2"], ["detector@x=seen"], ["~nothing"]]
)
def test_what_hydra_refuses_is_refused_in_its_words(cell, own, quick, master) -> None:
    with pytest.raises(HydraException) as expected:
        own.load_sweep_config(master, cell)
    with pytest.raises(HydraException) as found:
        quick.load_sweep_config(master, cell)
    assert (str(found.value), str(found.value.__cause__)) == (
        str(expected.value),
        str(expected.value.__cause__),
    )


def test_a_choice_of_groups_is_composed_once(quick, master, monkeypatch) -> None:
    composed = []
    load = ConfigLoaderImpl.load_configuration

    def counted(self, config_name, overrides, *rest, **more):
        composed.append(overrides)
        return load(self, config_name, overrides, *rest, **more)

    monkeypatch.setattr(ConfigLoaderImpl, "load_configuration", counted)
    seeds = [quick.load_sweep_config(master, ["detector=seen", f"seed={seed}"]).seed for seed in range(20)]
    # Each cell of joblib's workers comes with a loader of its own.
    copy.deepcopy(quick).load_sweep_config(master, ["detector=seen", "seed=99"])
    assert seeds == list(range(20))
    assert len(composed) == 1
    other = copy.deepcopy(master)
    other.hydra.overrides.hydra.append("++hydra.job.env_set.OF=another_sweep")
    assert quick.load_sweep_config(other, ["detector=seen", "seed=1"]).hydra.job.env_set.OF == "another_sweep"


def test_what_is_kept_is_bounded(quick, master, monkeypatch) -> None:
    monkeypatch.setattr(ConfigLoaderImpl, "load_sweep_config", lambda *_: OmegaConf.create({}))
    for number in range(3 * MOST):
        quick._of_groups(master, [f"detector=kind{number}"])
    assert len(context._composed) == MOST


def test_a_cell_that_ended_leaves_no_settings(own, master) -> None:
    told = []

    class Other:
        def on_job_end(self, config, job_return, **_):
            told.append(job_return.cfg)

    given = Callbacks()
    given.callbacks = [Other()]
    ended = JobReturn(cfg=OmegaConf.create({"seed": 1}), hydra_cfg=OmegaConf.create({"hydra": 1}))
    ended.return_value = None
    for_many(HydraContext(own, given)).callbacks.on_job_end(config=master, job_return=ended)
    assert told == [{"seed": 1}], "whoever else listens sees them"
    assert ended.cfg is None
    assert ended.hydra_cfg is None
