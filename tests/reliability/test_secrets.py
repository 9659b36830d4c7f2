"""A planted key stands in no file, message, mirror or report, whatever an endpoint echoes."""

from __future__ import annotations

import base64
import gzip
import json
import os
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from smartgen.core.errors import SmartgenError
from smartgen.core.masks import PART
from smartgen.llm.requests import Answer
from smartgen.llm.secrets import redact, without_key
from tests.conftest import CUT, Endpoint, Script
from tests.reliability.hostile import run
from tests.reliability.planted import BY_MISTAKE, CAPITALS, KEY, PASSWORD, SECRETS
from tests.scripts import FOLDER, load


@pytest.fixture(scope="module")
def check_secrets() -> ModuleType:
    return load(FOLDER / "check_secrets.py")


# What is redacted


@pytest.mark.parametrize(
    "echo",
    [
        KEY,
        f"Bearer {KEY}",
        KEY[:PART],
        KEY[7 : 7 + PART],
        KEY[-PART:],
        KEY[: PART + 5] + " ... cut",
        KEY[::-1],
        KEY.replace("/", "%2F").replace("+", "%2B"),
        base64.b64encode(KEY.encode()).decode(),
        base64.b64encode(f"Bearer {KEY}".encode()).decode(),
        base64.b64encode(f"me:{KEY}".encode()).decode(),
        KEY + KEY,
        json.dumps({"headers": {"authorization": f"Bearer {KEY}"}}),
    ],
    ids=range(13),
)
def test_no_twelve_characters_of_a_key_are_kept(check_secrets: ModuleType, tmp_path: Path, echo: str) -> None:
    found = without_key(Answer(f"before {echo} after", f"stop {echo}", 1, 1, 0.1), KEY)
    (tmp_path / "answer").write_text(found.text + found.finish_reason)
    assert "before" in found.text
    assert "after" in found.text
    assert check_secrets.search([tmp_path / "answer"], {"k": KEY}).finds == []
    (tmp_path / "answer").write_text(echo)
    assert check_secrets.search([tmp_path / "answer"], {"k": KEY}).finds != []


def test_what_is_no_key_is_left_as_it_is() -> None:
    answer = Answer('{"sequences": [["Light"]]} ' + KEY[: PART - 1], "stop", 1, 1, 0.1)
    assert without_key(answer, KEY) == answer
    assert without_key(Answer("none of none", "stop", 1, 1, 0.1), "none").text == "none of none"
    assert redact("a none", "none") == "a ***"  # a message is short, and loses little
    assert redact("text", None) == "text"


# The search itself


def test_the_search_finds_every_form_in_every_kind_of_file(
    check_secrets: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for number, text in enumerate(check_secrets.forms(KEY).values()):
        (tmp_path / f"{number}.log").write_text(f"x{text[3:17]}y")
    forms = len(list(tmp_path.iterdir()))
    with zipfile.ZipFile(tmp_path / "some.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner", gzip.compress(KEY.encode()))
    (tmp_path / "packed.gz").write_bytes(gzip.compress(KEY.encode()))
    (tmp_path / "escaped.json").write_text("".join(f"\\u{ord(one):04x}" for one in KEY))
    with sqlite3.connect(tmp_path / "some.sqlite") as database:
        database.execute("CREATE TABLE a (b)")
        database.execute("INSERT INTO a VALUES (?)", ("x" * 4070 + KEY + "x" * 9000,))
    database.close()
    record = KEY.encode()
    head = b"\0" * 4 + (20).to_bytes(2, "little") + b"\x02"
    tail = b"\0" * 4 + (len(record) - 20).to_bytes(2, "little") + b"\x04"
    (tmp_path / "run.wandb").write_bytes(b":W&B\0\0\0" + head + record[:20] + tail + record[20:])
    (tmp_path / KEY.replace("/", "_")).write_text("in a name")
    found = {Path(where.partition(": ")[0].partition(" (")[0]).name for where, *_ in
        check_secrets.search([tmp_path], {"k": KEY}).finds}  # fmt: skip
    assert len(found) == forms + 6, sorted(found)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert check_secrets.main([str(tmp_path), "--variable", "OPENAI_API_KEY"]) == 1
    said = capsys.readouterr().out
    assert f"searched {tmp_path}: {forms + 6} files" in said
    assert KEY[:PART] not in said.replace(KEY.replace("/", "_"), "")
    assert check_secrets.main([str(tmp_path / "packed.gz"), "--variable", "HOME_OF_NONE"]) == 2
    (tmp_path / "clean").mkdir()
    assert check_secrets.main([str(tmp_path / "clean")]) == 0


def test_passwords_of_proxies_are_secrets(check_secrets: ModuleType) -> None:
    found = check_secrets.secrets_of(
        {"https_proxy": f"http://me:{PASSWORD}%2F@h:1", "HTTP_PROXY": "http://h"}
    )
    assert found == {"https_proxy": f"{PASSWORD}/"}
    with pytest.raises(SmartgenError, match="under 12 characters"):
        check_secrets.secrets_of({"OPENAI_API_KEY": "short"})


# Whole commands

ECHOES = {
    "text": KEY,
    "coded": base64.b64encode(f"Bearer {KEY}".encode()).decode(),
    "backwards": KEY[::-1],
    "part": f"{KEY[5:20]} and {KEY[20:33]}",
}
FAULTS: dict[str, Any] = {
    "refused": {"status": 401, "message": f"Incorrect API key provided: {KEY}"},
    "forbidden": {"status": 403, "message": f"no entry with {KEY[:30]}", "code": KEY},
    "busy": {"status": 429, "message": f"slow down, {KEY}", "headers": {"x_key": KEY, "retry_after": "0"}},
    "broken": {"status": 500, "message": "x" * 150 + KEY, "headers": {"x_key": KEY}},
    "unknown": {"status": 404, "message": f"no model for {base64.b64encode(KEY.encode()).decode()}"},
    "schema": {"status": 400, "message": f"response_format json_schema is not for {KEY}"},
    "context": {"status": 400, "message": f"maximum context length of {KEY}"},
    "odd": {"raw": f'{{"error": "{KEY}"}}'.encode()},
    "no_json": {"raw": f"<html>{KEY}</html>".encode()},
    "typed": {"raw": json.dumps({"choices": [{"message": {"content": 5, "key": KEY}}]}).encode()},
    "half": CUT,
}
SMALL = (
    *("dataset=demo", "dataset.days=7", "detector=seen", "protocol=unified", "trainer.accelerator=cpu"),
    *(
        "stage/ssc=similarity",
        "stage.ssc.share=0.05",
        "stage.ssc.threshold=null",
        "synthesizer=gpt-4o",
        "synthesizer.retries=0",
    ),
    *("synthesizer.chunk=3", "synthesizer.retry_unparsable=0", "synthesizer.max_tokens=500"),
)


def answers(elsewhere: str) -> Script:
    """By the model's name: an answer that holds the key in some form, or a fault that does."""

    def script(_: int, body: dict[str, Any]) -> Any:
        model = body["model"]
        if model == "away":
            return {"status": 307, "headers": {"Location": f"{elsewhere}/chat/completions?key={KEY}"}}
        if model in FAULTS:
            return FAULTS[model]
        schema = body["response_format"]["json_schema"]["schema"]
        words = schema["properties"]["sequences"]["items"]["items"]["properties"]
        day, hour = "Monday", "(6~9)"
        rows = [{"day": day, "hour": hour, "action": action} for action in words["action"]["enum"][:6]]
        own = [[first, second] for first in rows for second in rows]
        told = {"sequences": [*own, [{**rows[0], "action": ECHOES[model]}]], "note": ECHOES[model]}
        return {"text": json.dumps(told), "finish_reason": "stop" if model == "text" else ECHOES[model]}

    return script


@pytest.fixture
def world(tmp_path: Path) -> Callable[..., str]:
    """Runs commands with the planted secrets; what they say is kept in files beside the outputs."""
    said, scratch = tmp_path / "said", tmp_path / "scratch"
    said.mkdir()
    scratch.mkdir()
    environment = {
        **os.environ, **SECRETS, "SMARTGEN_OUTPUTS": str(tmp_path / "outputs"), "TMPDIR": str(scratch),
        "HYDRA_FULL_ERROR": "1", "WANDB_CACHE_DIR": str(scratch), "WANDB_CONFIG_DIR": str(scratch),
        "OPENAI_LOG": "debug", "NO_COLOR": "1",
    }  # fmt: skip
    environment.pop("SMARTGEN_RELEASE", None)

    def say(*command: str, code: int | None = None, **more: str) -> str:
        done = run(*command, env=environment | more, cwd=str(tmp_path))
        whole = done.stdout + done.stderr
        (said / f"{len(list(said.iterdir()))}.log").write_text(f"{command[0]}\n{whole}", errors="replace")
        assert code is None or done.returncode == code, whole[-2000:]
        return whole

    return say


def nothing_found(check_secrets: ModuleType, tmp_path: Path, *more: str) -> Any:
    secrets = SECRETS | dict(zip(("by mistake", "proxy"), (BY_MISTAKE, PASSWORD), strict=True))
    done = check_secrets.search([tmp_path], secrets)
    assert done.finds == [], check_secrets.report(done)[:2000]
    return done


@pytest.mark.slow
def test_live_cells_that_echo_or_fail(
    world: Callable[..., str], endpoint: Callable[[Script], Endpoint], check_secrets: ModuleType,
    tmp_path: Path,
) -> None:  # fmt: skip
    other = endpoint(lambda *_: {"text": "{}"})
    server = endpoint(answers(other.url))
    url = f"synthesizer.base_url={server.url}"
    models = ",".join([*ECHOES, *FAULTS, "away"])
    whole = world("smartgen", "-m", *SMALL, url, f"synthesizer.model={models}", "tracking=none", code=2)
    assert f"{len(ECHOES)} done" in whole
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"  # it was sent where it belongs,
    assert not any(KEY in str(headers) for headers in other.headers)  # and nowhere else
    world("smartgen", *SMALL, url, "synthesizer.model=text", "tracking=none", "plan=true", "seed=7", code=0)
    world("smartgen-report", "failures", code=0)
    world("smartgen-report", "html", code=0)
    failed = next((tmp_path / "outputs/runs").glob("*/error.json"))
    world("smartgen-report", "show", failed.parent.name, code=0)
    world("smartgen-report", "rerun", failed.parent.name)
    with sqlite3.connect(tmp_path / "outputs/cache/answers.sqlite") as database:
        kept = [text for (text,) in database.execute("SELECT text FROM answers WHERE model != 'away'")]
    database.close()
    assert kept
    assert all("***" in text and '"(6~9)"' in text for text in kept)
    done = nothing_found(check_secrets, tmp_path)
    assert done.files > 30


@pytest.mark.slow
def test_sweeps_of_several_processes_and_w_and_b(
    world: Callable[..., str], endpoint: Callable[[Script], Endpoint], check_secrets: ModuleType,
    tmp_path: Path,
) -> None:  # fmt: skip
    server = endpoint(answers(""))
    models = "synthesizer.model=text,refused"
    mirrored = ("tracking=wandb", "tracking.mode=offline", "launcher=joblib")
    world("smartgen", "-m", *SMALL, f"synthesizer.base_url={server.url}", models, *mirrored, code=2)
    world("smartgen-report", "wandb", "--project", "other", code=0)
    done = nothing_found(check_secrets, tmp_path)
    assert sum(path.suffix == ".wandb" for path in check_secrets.files_of(tmp_path)) >= 2
    assert done.bytes > 10_000


@pytest.mark.slow
def test_batches_that_echo(
    world: Callable[..., str], endpoint: Callable[[Script], Endpoint], check_secrets: ModuleType,
    tmp_path: Path,
) -> None:  # fmt: skip
    server = endpoint(answers(""))
    command = ("smartgen", *SMALL, f"synthesizer.base_url={server.url}", "synthesizer.model=text",
        "synthesizer.mode=batch", "tracking=none")  # fmt: skip
    world(*command, code=75)
    server.batches["batch-0"] |= {"status": f"in_progress {KEY}"}
    world(*command)
    server.finish_batch("batch-0", lambda body: answers("")(0, body)["text"])
    world(*command, code=0)
    server.files["out-batch-1"] = b'{"custom_id": "x", "error": "' + KEY.encode() + b'"}\n'
    world(*command, "synthesizer.temperature=1", code=75)
    server.batches["batch-1"] |= {"status": "failed", "errors": {"data": [{"message": f"refused {KEY}"}]}}
    world(*command, "synthesizer.temperature=1", code=2)
    nothing_found(check_secrets, tmp_path)


@pytest.mark.slow
def test_secrets_that_are_typed_or_of_proxies(
    world: Callable[..., str], check_secrets: ModuleType, tmp_path: Path
) -> None:
    typed = f"synthesizer.key_variable={BY_MISTAKE}"
    for more in ([], ["-m"], ["--cfg", "job"], ["--info"], ["no.such.key=1"], ["seed=1,2"], ["=x"]):
        whole = world("smartgen", *SMALL, typed, *more, code=2)
        assert whole.splitlines()[-1].startswith("smartgen: synthesizer.key_variable=***: settings stand in")
    world("smartgen", *SMALL, f"synthesizer.base_url=https://me:{BY_MISTAKE}@127.0.0.1:9/v1", code=2)
    world("smartgen-report", "run", "table2", typed, code=2)
    for odd_form in (
        f"synthesizer={{key_variable: {BY_MISTAKE}}}",
        f"synthesizer.key_variable ={BY_MISTAKE}",
    ):
        world("smartgen", *SMALL, odd_form, "--cfg", "job", code=2)
    whole = world("smartgen", *SMALL, f"synthesizer.key_variable={CAPITALS}", "tracking=none", code=2)
    assert CAPITALS not in whole
    proxies = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY"), f"http://me:{PASSWORD}@127.0.0.1:9")
    odd = dict.fromkeys(proxies, f"http://me:{PASSWORD}/x@127.0.0.1:9")
    away = (*SMALL, "synthesizer.base_url=http://example.invalid/v1", "tracking=none")
    assert "connection failed" in world("smartgen", *away, code=2, **proxies)
    assert "a proxy in the environment" in world("smartgen", *away, "seed=3", code=2, **odd)
    world("smartgen-data", "log", "no.csv", "zone=UTC", code=2)
    world("smartgen-data", "fetch", "--source", "http://127.0.0.1:9/x", "--into", "into", code=2, **odd)
    nothing_found(check_secrets, tmp_path)
