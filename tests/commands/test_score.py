"""`smartgen-score`: equal answers in any company, one a line whatever it holds, and nothing heavy loaded."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smartgen.cell import run_cell
from smartgen.commands.score import INTERRUPTED, main
from smartgen.commands.unread import UNREAD
from smartgen.config import compose_cell
from smartgen.core.types import Sequences
from smartgen.data.demo.simulate import simulate
from smartgen.data.demo.vocabulary import demo_vocabulary
from smartgen.saved import load_model
from smartgen.stages.tss import split_sequences
from smartgen.tracking.live import open_tracker

DEMO = ("dataset=demo", "dataset.days=7", "protocol=unified", "tracking=none", "save=true")
SMALL = ("protocol.max_steps=10", "protocol.check_every=5", "trainer.accelerator=cpu")
CELLS = {"detector": ["detector=transae"], "predictor": ["task=prediction", "predictor=sasrec"]}
HEAVY = {
    *("pytorch_lightning", "lightning_fabric", "torchmetrics", "pandas", "hydra", "omegaconf", "wandb"),
    *("openai", "sklearn", "scipy", "matplotlib", "pyarrow", "rich"),
}
PROBE = r"""
import pathlib, re, resource, sys
from smartgen.commands.score import main
code = main(sys.argv[1:])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
status = pathlib.Path("/proc/self/status")
if status.exists():  # where what getrusage tells begins at the peak of the process that started this one
    peak = int(re.search(r"VmHWM:\s*(\d+)", status.read_text())[1])
print(code, peak // 1024, *sys.modules, file=sys.stderr)
"""
MOST_MEMORY = 400  # MB
NEW = {"time": "2024-01-01T07:03:00+01:00", "device": "Light", "action": "switch on"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A TransAE and a SASRec of the demo home in one folder, as an adaptation leaves them."""
    outputs = tmp_path_factory.mktemp("scored")
    (outputs / "both/models").mkdir(parents=True)
    for name, own in CELLS.items():
        words = [*DEMO, *SMALL, *own, f"paths.outputs={outputs}"]
        outcome = run_cell(compose_cell(*words), words, open_tracker)
        for ending in ("json", "safetensors"):
            kept = outputs / "runs" / outcome.key / f"models/model.{ending}"
            shutil.copy(kept, outputs / f"both/models/{name}.{ending}")
    return outputs / "both"


@pytest.fixture(scope="module")
def sequences() -> Sequences:
    return simulate("winter", 2024, 120).distinct()[:200]


def line(content: object) -> bytes:
    return json.dumps(content).encode() + b"\n"


def lines_of(sequences: Sequences) -> list[bytes]:
    words = demo_vocabulary().words
    return [line({"sequence": [words(behavior) for behavior in one]}) for one in sequences]


def asked(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: Any, given: bytes, *words: object
) -> tuple[int, list[bytes], str]:
    """Exit code, answers, and what is on stderr, of a call in this process."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
    code = main([*map(str, words)])
    out, err = capfdbinary.readouterr()
    return code, out.splitlines(), err.decode()


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capfdbinary: Any) -> Any:
    return lambda given, *words: asked(monkeypatch, capfdbinary, given, *words)


@pytest.mark.slow
def test_a_sequence_scores_equal_alone_and_among_others(
    folder: Path, sequences: Sequences, tmp_path: Path, ask: Any
) -> None:
    lines = lines_of(sequences)
    assert len(lines) == 200
    (tmp_path / "lines.jsonl").write_bytes(b"".join(lines))
    code, together, _ = ask(b"", folder, "--input", tmp_path / "lines.jsonl")
    assert code == 0
    for number, (one, answer) in enumerate(zip(lines, together, strict=True), start=1):
        alone = ask(one, folder)[1]
        assert alone[0].replace(b'"line": 1,', b'"line": %d,' % number) == answer
    command = [sys.executable, "-m", "smartgen.commands.score", str(folder)]
    for number in (0, 57, 199):  # other processes, too
        done = subprocess.run(command, input=lines[number], capture_output=True, check=True)
        assert json.loads(done.stdout) | {"line": number + 1} == json.loads(together[number])
    # Networks sum rows of a batch in another order, in single precision.
    found = [json.loads(answer) for answer in together]
    detector, predictor = (load_model(folder / f"models/{name}.json") for name in CELLS)
    np.testing.assert_allclose([one["score"] for one in found], detector.score(sequences), rtol=1e-5)
    best = predictor.score(sequences).argmax(axis=1)
    assert [one["next"][0]["action"] for one in found] == [predictor.vocabulary.actions[i] for i in best]


def test_behaviors_one_by_one_end_in_the_answer_of_the_whole(
    folder: Path, sequences: Sequences, ask: Any
) -> None:
    words, pieces = demo_vocabulary().words, split_sequences(sequences, demo_vocabulary())
    longest = pieces.take([int(pieces.lengths.argmax())])
    one = longest[0]
    assert len({behavior.day for behavior in one}) == 1
    fields = ("day", "hour", "device", "action")
    single = [line(dict(zip(fields, words(behavior), strict=True))) for behavior in one]
    code, answers, _ = ask(b"".join([*lines_of(longest), *single]), folder, "--top", "2")
    assert code == 0
    whole, *parts = [json.loads(answer) for answer in answers]
    assert parts[-1] | {"line": 1} == whole
    assert [part["surprise"]["position"] <= i for i, part in enumerate(parts)] == [True] * len(one)
    assert list(whole) == ["line", "score", "threshold", "flag", "surprise", "next"]
    assert sum(whole["surprise"]["fields"].values()) == pytest.approx(whole["surprise"]["score"])
    assert len(whole["next"]) == 2


def test_one_model_answers_for_itself(folder: Path, ask: Any) -> None:
    (detected,) = ask(line(NEW), folder / "models/detector.json")[1]
    (foretold,) = ask(line(NEW), folder / "models/predictor.json")[1]
    both = json.loads(ask(line(NEW), folder / "models/predictor.json", folder / "models/detector.json")[1][0])
    assert json.loads(detected) | json.loads(foretold) == both
    assert list(json.loads(foretold)) == ["line", "next"]


def test_whatever_a_line_holds_has_one_answer(folder: Path, ask: Any) -> None:
    bad = [b"{\n", b"\n", b"\xff\n", line({**NEW, "device": "Lücke \ud800"}), line({**NEW, "time": "now"})]
    code, answers, err = ask(b"".join([*bad, line(NEW), line(NEW)]), folder)
    found = [json.loads(answer.decode("utf-8", "strict")) for answer in answers]
    assert (code, err) == (0, "")
    assert [one["line"] for one in found] == [1, 2, 3, 4, 5, 6, 7]
    assert ["error" in one for one in found] == [True] * 3 + [False, True, False, False]
    assert found[3] == {
        "line": 4,
        "flag": True,
        "unknown": [
            {"position": 0, "device": "Lücke \ud800"},
            {"position": 0, "action": "Lücke \ud800:switch on"},
        ],
    }
    assert found[5]["surprise"]["position"] == 0  # what could not be scored is no part of the stream


def test_names_are_spelled_as_in_a_log(folder: Path, ask: Any) -> None:
    spelled = {**NEW, "device": " Light ", "action": "switch  on "}
    code, answers, err = ask(line({"behaviors": [NEW]}) + line({"behaviors": [spelled]}), folder, "--strict")
    assert (code, err) == (0, "")
    assert answers[0] == answers[1].replace(b'"line": 2,', b'"line": 1,')
    assert b'"score"' in answers[0]


def test_another_devices_action_is_no_alarm_but_an_error(folder: Path, ask: Any) -> None:
    (answer,) = ask(line({**NEW, "action": "Camera:switch off"}), folder)[1]
    message = "behavior 0 has device 'Light' and action 'Camera:switch off', which is one of 'Camera'"
    assert json.loads(answer) == {"line": 1, "error": message}


def test_a_file_may_begin_with_a_byte_order_mark(folder: Path, ask: Any, tmp_path: Path) -> None:
    (tmp_path / "new.jsonl").write_bytes(b"\xef\xbb\xbf" + line(NEW))
    code, answers, err = ask(b"", folder, "--input", tmp_path / "new.jsonl", "--strict")
    assert (code, err) == (0, "")
    assert answers == ask(line(NEW), folder)[1]


def test_a_predictor_alone_raises_no_alarm(folder: Path, ask: Any) -> None:
    (answer,) = ask(line({**NEW, "device": "New"}), folder / "models/predictor.json")[1]
    assert list(json.loads(answer)) == ["line", "unknown"]


@pytest.mark.parametrize(("bad", "told"), [(b"{\n", "no JSON"), (line({**NEW, "device": "New"}), "unknown")])
def test_strict_ends_at_the_first_line_without_a_score(folder: Path, ask: Any, bad: bytes, told: str) -> None:
    code, answers, err = ask(line(NEW) + bad + line(NEW), folder, "--strict")
    assert (code, len(answers)) == (2, 2)
    assert err.startswith("smartgen-score: line 2: ")
    assert told in err
    assert err.count("\n") == 1


def test_the_clock_is_that_of_the_log_that_the_models_were_trained_on(
    folder: Path, tmp_path: Path, ask: Any
) -> None:
    shutil.copytree(folder, tmp_path / "both")
    for name in CELLS:
        path = tmp_path / f"both/models/{name}.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"zone": "Asia/Tokyo"}))
    late = line(NEW | {"time": "2024-01-01T07:03:00Z"})
    code, answers, err = ask(late, tmp_path / "both")
    assert (code, err) == (0, "")
    assert answers == ask(late, folder, "--zone", "Asia/Tokyo")[1]
    assert answers != ask(late, folder)[1]
    assert ask(late, tmp_path / "both", "--zone", "UTC")[1] == ask(late, folder)[1]


@pytest.mark.parametrize("time", ["2024-05-01T22:30:00Z", 1714602600, 1714602600000])
def test_utc_is_noted_once_unless_a_zone_is_named(folder: Path, ask: Any, time: str | int) -> None:
    utc = line({**NEW, "time": time}) * 3
    code, answers, err = ask(utc, folder)
    assert (code, len(answers), err.count("\n")) == (0, 3, 1)
    assert "--zone" in err
    behavior = json.loads(answers[0])["surprise"]["behavior"]
    assert (behavior["day"], behavior["hour"]) == ("Wednesday", "(21~24)")
    code, answers, err = ask(utc, folder, "--zone", "Europe/Berlin")
    assert err == ""
    behavior = json.loads(answers[0])["surprise"]["behavior"]
    assert (behavior["day"], behavior["hour"]) == ("Thursday", "(0~3)")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere"], "nowhere: no such file"),
        (["{}", "--input", "nowhere.jsonl"], "nowhere.jsonl: No such file or directory"),
        (["{}", "--zone", "Berlin"], "--zone 'Berlin' is no time zone here"),
        (["{}", "--zone", "../etc"], "--zone '../etc' is no time zone here"),
        (["{}", "{}"], "4 models, two of them detectors"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    folder: Path, ask: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    code, answers, err = ask(b"", *(word.format(folder) for word in words))
    assert (code, answers, err.count("\n")) == (2, [], 1)
    assert message in err


def test_a_count_below_one_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["model.json", "--top", "0"])
    assert "'0', expected a whole number from 1 on" in capsys.readouterr().err


def started(folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "smartgen.commands.score", str(folder)]
    pipe = subprocess.PIPE
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # what ignores it hands that on
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=os.environ)
    signal.signal(signal.SIGINT, before)
    return process


def test_answers_come_at_once_and_an_interrupt_is_quiet(folder: Path) -> None:
    with started(folder) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        for number in (1, 2):
            process.stdin.write(line(NEW))
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["line"] == number
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == INTERRUPTED
        assert process.stderr.read() == b""


def test_nobody_reading_any_more_is_no_error(folder: Path) -> None:
    with started(folder) as process:
        assert process.stdout is not None
        process.stdout.close()
        _, err = process.communicate(line(NEW) * 3)
        assert (process.returncode, err) == (UNREAD, b"")


def test_torch_is_the_only_heavy_library_and_memory_is_small(folder: Path, sequences: Sequences) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, str(folder)],
        input=b"".join(lines_of(sequences[:20])),
        capture_output=True,
        check=True,
    )
    code, memory, *modules = done.stderr.decode().splitlines()[-1].split()
    assert len(done.stdout.splitlines()) == 20
    assert code == "0"
    assert "torch" in modules
    assert not HEAVY & set(modules)
    assert int(memory) < MOST_MEMORY
