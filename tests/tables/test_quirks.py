"""What a quirk was worth, and the headline read in several ways."""

from pathlib import Path
from typing import Any

import pytest

from smartgen.commands.report import main
from smartgen.core.errors import SmartgenError
from smartgen.core.records import Record, read_records, write_result
from smartgen.tables.headline import headline_page, ratios
from smartgen.tables.quirks import quirks_page, quirks_records, worths


def put(
    outputs: Path,
    key: str,
    f1: float,
    without: str = "none",
    threads: int = 1,
    network: str = "smartgen",
    **axes: Any,
) -> None:
    named = {
        "task": "detection",
        "dataset": "fr",
        "transition": "seasonal",
        "protocol": "released",
        "seed": 1,
    }
    named |= {"regime": "source", "detector": "aegis", "synthesizer": "replay", "without": without} | axes
    config = {"detector": {"network": network}, "trainer": {"threads": threads}}
    metrics = dict.fromkeys(("f1", "precision", "recall", "auroc"), f1)
    write_result(outputs, key, {"axes": named, "config": config, "metrics": metrics, "counts": {}}, {})


@pytest.fixture
def records(tmp_path: Path) -> list[Record]:
    put(tmp_path, "a1", 0.2)
    put(tmp_path, "a2", 0.6, without="D27")
    put(tmp_path, "b1", 0.4, transition="schedule")
    put(tmp_path, "b2", 0.3, transition="schedule", without="D27")
    put(tmp_path, "c1", 0.9, transition="occupancy")  # not run without
    put(tmp_path, "d1", 0.9, without="D25")
    put(tmp_path, "d2", 0.1, without="D25", seed=2)  # a seed that the released one does not have
    return read_records(tmp_path)


def test_only_cells_and_seeds_run_both_ways_count(records: list[Record]) -> None:
    first, second = worths(records)
    assert (first.method, first.quirk, second.quirk) == ("Aegis", "D25", "D27")
    assert second.released == {("FR", "ST"): 0.2, ("FR", "TT"): 0.4}
    assert second.difference() == pytest.approx(0.15)
    assert second.difference("ST") == pytest.approx(0.4)
    assert second.difference("NT") is None
    assert first.without == {("FR", "ST"): 0.9}
    page = quirks_page(worths(records))
    assert list(page.blocks[0].rows[1][:6]) == ["Aegis", "D27", "2", "0.3000", "0.4500", "+0.1500"]
    assert [line.split(":")[0] for line in page.below] == ["D25", "D27"]
    assert len(quirks_records(worths(records))) == 3


def test_without_records_it_says_what_makes_them(tmp_path: Path) -> None:
    put(tmp_path, "d1", 0.9, without="D25")  # without its partner
    records = read_records(tmp_path)
    assert worths(records) == []
    with pytest.raises(SmartgenError, match="without=none,D27 system=aegis"):
        quirks_page(worths(records))
    assert "as published" in str(headline_page(ratios(records)).blocks[0].rows)


def test_both_sides_are_chosen_by_the_tables_own_rules(tmp_path: Path) -> None:
    for threads, f1 in ((1, 0.2), (2, 0.5)):
        put(tmp_path, f"a{threads}", f1, threads=threads)
        put(tmp_path, f"b{threads}", f1 + 0.1, without="D27", threads=threads)
    (worth,) = worths(read_records(tmp_path))
    assert (worth.released, worth.without) == ({("FR", "ST"): 0.2}, {("FR", "ST"): pytest.approx(0.3)})
    assert [note.split(":")[0] for note in worth.notes] == ["FR ST with it", "FR ST without it"]
    below = quirks_page(worths(read_records(tmp_path))).below
    assert below[1].startswith("Aegis, D27: FR ST with it: 2 settings recorded, one shown: pass --where")


def test_adapted_detectors_are_not_taken_for_stale_ones(tmp_path: Path) -> None:
    put(tmp_path, "s1", 0.8, regime="synthetic", detector="transae")
    for without in ("none", "D25"):
        put(tmp_path, f"seen{without}", 0.5, regime="synthetic", detector="seen", without=without)
        put(tmp_path, f"old{without}", 0.5, detector="seen", without=without)
    assert not [one for one in ratios(read_records(tmp_path)) if "D25" in one.how]


def test_the_published_headline_is_the_papers() -> None:
    """85.43 % and 70.51 %: ratios of means, over the baseline of the same network; less over the best one."""
    found = {(one.task, one.how, one.old[0]): one.gain for one in ratios([])}
    assert found["detection", "as published", "TransAE"] == pytest.approx(0.8543, abs=5e-5)
    assert found["prediction", "as published", "SASRec"] == pytest.approx(0.7051, abs=5e-5)
    assert found["detection", "as published", "Autoencoder"] == pytest.approx(0.68, abs=5e-3)
    assert found["prediction", "as published", "Caser"] == pytest.approx(0.57, abs=5e-3)


def test_rerun_and_like_for_like_have_rows_where_records_are(records: list[Record], tmp_path: Path) -> None:
    for regime, f1 in (("source", 0.4), ("synthetic", 0.5)):
        put(tmp_path, f"u{regime}", f1, protocol="unified", regime=regime, detector="transae")
    put(tmp_path, "s1", 0.8, regime="synthetic", detector="transae")
    found = ratios(read_records(tmp_path))
    like = {(one.how, one.new[0]): one.gain for one in found}
    assert like["like for like, f1", "synthetic"] == pytest.approx(0.25)
    same = next(one for one in found if "D25" in one.how)
    assert (same.old[0], same.cells) == ("Aegis", [("FR", "ST")])
    assert same.gain == pytest.approx(0.8 / 0.9 - 1)
    told = "\n".join(headline_page(ratios(read_records(tmp_path))).below)
    assert "SmartGen (.8614 + .9699 + .9326" in told
    assert "= 0.8986" in told


def test_the_commands_print_and_write(
    records: list[Record], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for what in ("quirks", "headline"):
        assert main([what, "--outputs", str(tmp_path)]) == 0
        assert f"{what}: " in capsys.readouterr().out
        assert (tmp_path / "tables" / f"{what}.csv").is_file()
        assert main([what, "--outputs", str(tmp_path), "--format", "json"]) == 0
        assert capsys.readouterr().out.startswith("[")
        assert main([what, "--outputs", str(tmp_path), "--metric", "f1"]) == 2
        assert "--metric has no meaning" in capsys.readouterr().err


def test_the_rerun_is_read_over_all_seeds_and_over_common_ones(tmp_path: Path) -> None:
    for seed, f1 in ((1, 0.8), (2, 0.4)):
        put(tmp_path, f"new{seed}", f1, regime="synthetic", detector="transae", seed=seed)
    put(tmp_path, "old", 0.2, detector="transae", network="baseline", seed=1)
    found = {one.how: one.gain for one in ratios(read_records(tmp_path)) if one.how.startswith("rerun")}
    assert found["rerun, all seeds"] == pytest.approx(2)
    assert found["rerun, seeds that both have"] == pytest.approx(3)
