import pickle
from pathlib import Path

import pytest

from smartgen.core.errors import SmartgenError
from smartgen.data.homes import ATTACK_FOLDER, load_home
from smartgen.settings import DatasetSettings, TransitionSettings

SEASONAL = TransitionSettings(name="seasonal", source="winter", target="spring")


def test_the_demo_is_the_same_household_for_a_seed() -> None:
    settings = DatasetSettings(name="demo", kind="demo")
    one, same, other = (load_home(settings, SEASONAL, "nowhere", seed) for seed in (1, 1, 2))
    assert one.source == same.source != other.source
    fixed = DatasetSettings(name="demo", kind="demo", household=1)
    assert load_home(fixed, SEASONAL, "nowhere", 2).source == one.source


def test_unknown_kinds_and_missing_releases_are_named(tmp_path: Path) -> None:
    with pytest.raises(SmartgenError, match="kind is 'cloud'"):
        load_home(DatasetSettings(name="fr", kind="cloud"), SEASONAL, "", 0)
    with pytest.raises(SmartgenError, match="smartgen-data fetch"):
        load_home(DatasetSettings(name="fr"), SEASONAL, str(tmp_path), 0)


def test_an_empty_source_context_is_named(toy_release: Path) -> None:
    source = toy_release / "SmartGen/IoT_data/toy/winter/trn.pkl"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_bytes(pickle.dumps([]))
    home = load_home(DatasetSettings(name="toy"), SEASONAL, str(toy_release), 0)
    with pytest.raises(SmartgenError, match=r"trn\.pkl holds no sequence"):
        home.source  # noqa: B018 - read for its error


def test_what_is_held_out_of_the_old_context_is_not_in_the_log(toy_release: Path) -> None:
    settings = DatasetSettings(name="toy")
    home = load_home(settings, SEASONAL, str(toy_release), 0)
    log, held = home.holding_out()
    assert (log.source, held) == (home.source[:4], home.source[4:])
    rest = [[5, 1, 0, 1]]
    (toy_release / "SmartGen/IoT_data/toy/winter/vld.pkl").write_bytes(pickle.dumps(rest))
    home = load_home(settings, SEASONAL, str(toy_release), 0)
    log, held = home.holding_out()
    assert log.source == home.source
    assert held.to_lists() == rest


def test_what_table_4_reads_is_there_or_told(toy_release: Path) -> None:
    home = load_home(DatasetSettings(name="toy"), SEASONAL, str(toy_release), 0)
    with pytest.raises(SmartgenError, match=r"take protocol\.threshold_data=synthetic"):
        _ = home.target_validation
    with pytest.raises(SmartgenError, match=r"toy_spring_attack_heater\.pkl: no such file"):
        home.recorded_attacks("heater")
    rows = [[5, 1, 0, 1]]
    (toy_release / "SmartGen/IoT_data/toy/spring/vld.pkl").write_bytes(pickle.dumps(rows))
    attacks = toy_release / ATTACK_FOLDER / "toy_spring_attack_heater.pkl"
    attacks.parent.mkdir(parents=True)
    attacks.write_bytes(pickle.dumps(rows))
    home = load_home(DatasetSettings(name="toy"), SEASONAL, str(toy_release), 0)
    assert home.target_validation.to_lists() == home.recorded_attacks("heater").to_lists() == rows


def test_the_demo_has_no_recorded_attacks() -> None:
    home = load_home(DatasetSettings(name="demo", kind="demo"), SEASONAL, "nowhere", 1)
    with pytest.raises(SmartgenError, match=r"nothing is recorded .*take protocol\.attacks=rule"):
        home.recorded_attacks("heater")
