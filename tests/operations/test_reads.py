"""Files: a cell opens each input once, a report each record once, and what is known opens next to nothing."""

import json
from pathlib import Path

import pytest

REPORT = "smartgen.commands.report"
SMOKE = ("debug=smoke", "detector=seen", "stage/ssc=none", "hydra.mode=MULTIRUN")


def under(opened, folder):
    return {name: count for name, count in opened.items() if Path(name).is_relative_to(folder)}


@pytest.fixture
def outputs(tmp_path):
    return tmp_path / "outputs"


@pytest.mark.slow
def test_a_resumed_sweep_opens_notes_alone_and_loads_no_torch(watched, outputs):
    words = (*SMOKE, "regime=source,oracle", "transition=seasonal,schedule")
    first, loaded = watched("smartgen", *words, SMARTGEN_OUTPUTS=str(outputs))
    assert "torch" in loaded
    assert len(list(outputs.rglob("result.json"))) == 4
    again, loaded = watched("smartgen", *words, SMARTGEN_OUTPUTS=str(outputs))
    read = under(again, outputs / "debug")
    notes = {name: count for name, count in read.items() if "/known/" in name}
    assert (len(notes), set(notes.values())) == (4, {1})
    assert not [name for name in read if name.endswith((".npz", "result.json"))], "no cache and no record"
    assert not {"torch", "pandas", "sklearn", "wandb"} & loaded
    assert len(first) > len(again)


@pytest.mark.slow
def test_a_cell_takes_its_stages_from_the_cache_once(watched, outputs):
    words = ("debug=smoke", "detector=seen", "stage/ssc=similarity", "regime=synthetic")
    watched("smartgen", *words, SMARTGEN_OUTPUTS=str(outputs))
    other, _ = watched("smartgen", *words, "detector=length", SMARTGEN_OUTPUTS=str(outputs))
    arrays = {name: count for name, count in under(other, outputs).items() if name.endswith(".npz")}
    stages = sorted(Path(name).parts[-3] for name in arrays)
    assert stages == ["quality", "ssc", "synthesize"], "TSS is behind SSC and not read"
    assert set(arrays.values()) == {1}, "each once"


@pytest.mark.slow
def test_a_cell_reads_each_file_of_the_release_once(watched, outputs, toy_release):
    """The vocabulary, and of both contexts what its protocol needs; no other context."""
    words = ("dataset=fr", "dataset.name=toy", "protocol=unified", "synthesizer=walk", "stage/ssc=none")
    words += ("detector=seen", "tracking=none", f"paths.release={toy_release}", "synthesizer.sequences=30")
    opened, _ = watched("smartgen", *words, SMARTGEN_OUTPUTS=str(outputs))
    read = under(opened, toy_release)
    data = {Path(name).relative_to(toy_release).as_posix(): count for name, count in read.items()}
    assert data == {
        "SmartGen/dictionary.json": 1,
        "SmartGen/IoT_data/toy/winter/trn.pkl": 1,
        "SmartGen/IoT_data/toy/spring/test.pkl": 1,
    }


def test_a_report_opens_each_record_once_and_the_same_one_again_none(watched, outputs):
    blocks = {"axes": {"dataset": "fr", "seed": 1}, "config": {}, "metrics": {}, "counts": {}}
    for number in range(20):
        folder = outputs / f"runs/key{number}"
        folder.mkdir(parents=True)
        content = {"schema": 1, "key": folder.name, "result": blocks, "run": {}}
        (folder / "result.json").write_text(json.dumps(content))
    words = ("table2", "--outputs", str(outputs))
    first, loaded = watched(REPORT, *words)
    assert set(under(first, outputs / "runs").values()) == {1}
    assert len(under(first, outputs / "runs")) == 20
    assert not {"torch", "pandas", "hydra", "sklearn", "wandb"} & loaded
    again, _ = watched(REPORT, *words)
    assert under(again, outputs / "runs") == {}
    (outputs / "runs/key3/result.json").write_text(
        (outputs / "runs/key3/result.json").read_text().replace('"run": {}', '"run": {"a": 1}')
    )
    changed, _ = watched(REPORT, *words)
    assert len(under(changed, outputs / "runs")) == 20
