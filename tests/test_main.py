"""The command as a user meets it: exit codes, one-line errors, sweeps that resume."""

import json
import os
import pickle
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from omegaconf import OmegaConf

from smartgen.commands import data
from smartgen.core.records import read_records, result_digest
from smartgen.overrides import read_back

ONS = ("on", "off") * 3
SMOKE = ("debug=smoke", "synthesizer.sequences=30")


def smartgen(outputs: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SMARTGEN_OUTPUTS": str(outputs), "OMP_NUM_THREADS": "1", "COLUMNS": "200"}
    environment.pop("HYDRA_FULL_ERROR", None)
    command = [sys.executable, "-m", "smartgen", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["dataset=mars"], "dataset=mars is unknown, choose one of demo, fr, logs, sp, us"),
        (["stage/tss=magic"], "stage/tss=magic is unknown, choose one of none, paper, released"),
        (["detector.dmodel=3"], "Key 'dmodel' not in 'TransAESettings'"),
        (["seed=soon"], "'soon' of type 'str' could not be converted to Integer"),
        (["dataset=fr", "paths.release=nowhere"], "run `smartgen-data fetch`"),
        (["protocol=released", "protocol.percentile=101"], "expected a number from 0 to 100"),
        (["protocol.percentile=101"], "protocol.percentile is 101.0, expected a number from 0 to 100"),
        (["+foo=3"], "foo is no key; `smartgen --cfg job` shows every key"),
        (["experiment=adapt", "zone=Europe/Berlin"], "not in 'CellSettings'; did you mean dataset.zone=?"),
        (["stage/tsx=none"], "did you mean stage.tss=?"),
        (["+seeds=3"], "seeds is no key; did you mean seed=?"),
        (["transition.change.replace={Stove: [Fan]}"], "+KEY=VALUE adds one where a table takes more"),
        (["protocol=released", "debug=smoke"], "Key 'max_steps' not in 'ReleasedProtocolSettings'"),
        (["study=gpt-4o", "synthesizer=gpt-4o"], "conf/study/gpt-4o.yaml says on top what it goes with"),
        (["synthesizer=gpt-4o", "synthesizer.usd_per_million.prompt=1"], "expected {prompt: USD"),
        (["synthesizer=gpt-4o", "synthesizer.usd_per_million={input: 1}"], "Key 'input' not in"),
        (["stage.tss.max_gap_hours=0"], "stage.tss.max_gap_hours is 0.0, expected hours above 0"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(tmp_path: Path, arguments: list[str], told: str) -> None:
    done = smartgen(tmp_path, "tracking=none", *arguments)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("smartgen: ")
    assert told in done.stderr


@pytest.mark.parametrize(
    "text",
    [
        *("warm spring, windows (open)", "grandma's visit: 2 weeks", 'a "quiet" time, [x]', "Frühling"),
        *("it's", "warm,windows", "C:\\new = old", "null and void", "{a: b}", "2024", "at home\\"),
        *('"home office" three days', "tag(ged", "'windows' open"),
    ],
)
def test_a_change_is_told_in_prose(tmp_path: Path, text: str) -> None:
    done = smartgen(tmp_path, "experiment=adapt", f"transition.target={text}", "--cfg", "job")
    assert done.returncode == 0, done.stderr
    assert OmegaConf.create(done.stdout).transition.target == text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["+dataset.pairs={öffnen: schließen, 'an (1)': aus}"], {"öffnen": "schließen", "an (1)": "aus"}),
        (["+dataset.pairs.öffnen=schließen"], {"öffnen": "schließen"}),
        (["+dataset.pairs={開: 閉:る, '🔥': 'it\\'s off'}"], {"開": "閉:る", "🔥": "it's off"}),
    ],
)
def test_words_of_any_language_are_keys_of_a_table(
    tmp_path: Path, words: list[str], told: dict[str, str]
) -> None:
    done = smartgen(tmp_path, "experiment=adapt", *words, "--cfg", "job")
    assert done.returncode == 0, done.stderr
    pairs = read_back(OmegaConf.to_container(OmegaConf.create(done.stdout).dataset.pairs))
    assert {key: pairs.get(key) for key in told} == told
    assert pairs["open"] == "close", "those that were there stay"


def test_what_such_words_end_is_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "haus.csv"
    lines = [f"2024-03-01T07:{minute}:00,Tür,{do}" for minute, do in ((10, "öffnen"), (20, "schließen"))]
    log.write_text("\n".join(["time,device,action", *lines, ""]), encoding="utf-8")
    assert data.main(["log", str(log), "zone=Europe/Berlin", "+pairs.öffnen=schließen", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["off_actions"] == ["Tür:schließen"]


def corrupt(root: Path) -> list[str]:
    (root / "SmartGen/IoT_data/toy/spring/test.pkl").write_bytes(b"\x80\x04 torn")
    return ["regime=source"]


def malicious(root: Path) -> list[str]:
    (root / "SmartGen/IoT_data/toy/winter/trn.pkl").write_bytes(b"cos\nsystem\n(S'touch owned'\ntR.")
    return ["regime=source", "protocol.source_data=pieces"]


def empty_source(root: Path) -> list[str]:
    (root / "SmartGen/IoT_data/toy/winter/trn.pkl").write_bytes(pickle.dumps([]))
    return ["regime=source", "protocol.source_data=pieces"]


def nothing_valid(root: Path) -> list[str]:
    answer = root / "SmartGen/IoT_data/toy/spring/toy_spring_generation_day_0_SPPC_th=0.9_gpt-4o.pkl"
    answer.write_bytes(pickle.dumps("Here you are: [['Monday', '(0~3)', 'Sauna', 'Sauna:on']]"))
    return ["synthesizer=replay", "synthesizer.level=answers", "synthesizer.threshold=0.9"]


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (corrupt, r"test\.pkl"),
        (malicious, r"trn\.pkl.*os\.system"),
        (empty_source, r"trn\.pkl holds no sequence"),
        (nothing_valid, r"toy spring at threshold 0\.9 by gpt-4o: no valid behavior"),
    ],
)
def test_bad_data_is_one_line_and_exit_code_2(
    tmp_path: Path, toy_release: Path, damage: Callable[[Path], list[str]], told: str
) -> None:
    home = ["dataset.name=toy", "dataset.kind=release", "protocol=released", f"paths.release={toy_release}"]
    done = smartgen(tmp_path / "outputs", "tracking=none", *home, *damage(toy_release))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert re.search(told, done.stderr)
    assert not list((tmp_path / "outputs").glob("*"))


@pytest.mark.release
def test_a_setting_that_was_not_recorded_is_refused(tmp_path: Path) -> None:
    done = smartgen(tmp_path, "dataset=fr", "synthesizer.threshold=0.93", "tracking=none")
    assert done.returncode == 2
    assert re.search(r"no recorded detection set at threshold 0.93.*recorded: 0.918", done.stderr)


def test_an_outputs_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = smartgen(tmp_path / "file/below", "tracking=none")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert str(tmp_path / "file") in done.stderr


CHANGING = """
import sys, smartgen.cell
from smartgen.__main__ import main
run = smartgen.cell.run_cell

def then_changed(cell, *rest):
    done = run(cell, *rest)
    with open(cell.dataset.path, "a") as log:
        log.write("2024-03-09T07:00:00,Light,on\\n")
    return done

smartgen.cell.run_cell = then_changed
sys.exit(main())
"""


@pytest.mark.slow
def test_a_log_that_grows_while_its_cell_runs_is_read_again_next_time(tmp_path: Path) -> None:
    log = tmp_path / "home.csv"
    days = (f"2024-03-0{day}T0{hour}:00:00,Light,{do}" for day in range(1, 9) for hour, do in enumerate(ONS))
    log.write_text("\n".join(["time,device,action", *days, ""]), encoding="utf-8")
    words = [
        "-m",
        "dataset=logs",
        f"dataset.path={log}",
        "dataset.zone=UTC",
        "task=compression",
        "tracking=none",
    ]
    words += ["stage/ssc=similarity", "stage.ssc.threshold=0.9", "seed=1"]
    environment = {**os.environ, "SMARTGEN_OUTPUTS": str(tmp_path / "outputs"), "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", CHANGING, *words], env=environment, check=True)
    done = smartgen(tmp_path / "outputs", *words)
    assert done.stderr.startswith("done ")
    assert smartgen(tmp_path / "outputs", *words).stderr.startswith("1 recorded before")
    assert len(read_records(tmp_path / "outputs")) == 2


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_sweep_says_so_and_leaves_nothing_torn(tmp_path: Path, how: signal.Signals) -> None:
    environment = {**os.environ, "SMARTGEN_OUTPUTS": str(tmp_path), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "smartgen", "-m", "regime=source,oracle", "tracking=none"]
    # A shell's background jobs ignore the first of these, and so would what they start.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    run = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    signal.signal(signal.SIGINT, before)
    limit = time.monotonic() + 90
    while not (tmp_path / "cache/synthesize").is_dir() and time.monotonic() < limit:
        time.sleep(0.2)
    time.sleep(4)  # in the first training
    run.send_signal(how)
    _, told = run.communicate(timeout=60)
    # Where it comes while a library is being loaded, Python itself ends by the signal, after our line.
    assert run.returncode in (130, -signal.SIGINT), told
    assert "interrupted; the same command goes on" in told
    assert "Traceback" not in told
    assert not list(tmp_path.glob("runs/*"))


def test_a_price_may_be_told_as_the_docs_say(tmp_path: Path) -> None:
    llm = ("synthesizer=llama-70b", "stage/ssc=none", "tracking=none", "plan=true")
    price = "synthesizer.usd_per_million={prompt: 1, completion: 2}"
    done = smartgen(tmp_path, "dataset=demo", "protocol=unified_short", "detector=seen", *llm, price)
    assert done.returncode == 0, done.stderr
    assert re.search(r"at most 0\.\d{4} USD", done.stderr)


def test_help_lists_the_groups(tmp_path: Path) -> None:
    done = smartgen(tmp_path, "--help")
    assert done.returncode == 0
    for line in (
        "dataset +demo, fr, logs, sp, us",
        "transition +occupancy, own, schedule, seasonal",
        "stage/tss +none",
    ):
        assert re.search(line, done.stdout), line
    assert "_schema" not in done.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_sweep_goes_on_after_a_failure_and_resumes(tmp_path: Path) -> None:
    sweep = ("-m", *SMOKE, "transition=seasonal,schedule", "regime=source,synthetic")
    first = smartgen(tmp_path, *sweep, "stage.tss.max_gap_hours=9,-1", "regime=synthetic")
    assert first.returncode == 2
    assert "4 cells: 2 done, 0 recorded before, 2 failed" in first.stderr
    assert first.stderr.count("smartgen -m") == 0
    assert first.stderr.count("  smartgen ") == 2, "each failure is told with its command"
    second = smartgen(tmp_path, *sweep)
    assert second.returncode == 0, second.stderr
    assert "4 cells: 2 done, 2 recorded before, 0 failed" in second.stderr
    records = read_records(tmp_path / "debug")
    assert sum(record.ok for record in records) == 4
    (records[0].path / "result.json").write_text("{")  # a disk's fault
    third = smartgen(tmp_path, *sweep)
    assert "4 cells: 1 done, 3 recorded before, 0 failed" in third.stderr
    assert [*map(result_digest, read_records(tmp_path / "debug"))] == [*map(result_digest, records)]


@pytest.mark.slow
def test_every_cell_of_a_sweep_is_a_wandb_run_of_its_own(tmp_path: Path, check_wandb: ModuleType) -> None:
    sweep = ("dataset=demo", "transition=seasonal", "seed=1", "regime=source,synthetic", "detector=seen")
    walk = ("synthesizer=walk", *SMOKE, "tracking.name=wandb")
    done = smartgen(tmp_path, "experiment=table2_unified", *sweep, *walk)
    assert done.returncode == 0, done.stderr
    runs, records = check_wandb.read_runs(tmp_path / "debug"), read_records(tmp_path / "debug")
    assert len(runs) == len(records) == 2
    assert check_wandb.differences(runs, records) == []
    assert {(run.group, run.job_type) for run in runs.values()} == {("table2_unified", "seen")}
    assert done.stderr.count("wandb") == 0, done.stderr
