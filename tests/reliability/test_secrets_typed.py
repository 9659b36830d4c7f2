"""Secrets that are typed as settings, addresses or sources: refused, or told without them."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest

from smartgen.__main__ import main as smartgen
from smartgen.check_llm import check_llm
from smartgen.commands.data import main as smartgen_data
from smartgen.core.errors import SmartgenError
from smartgen.core.masks import PART, masked, refuse_secrets
from smartgen.data.fetch import fetch
from smartgen.data.manifest import packed_manifest
from smartgen.llm.connect import connect
from smartgen.llm.secrets import check_url
from smartgen.synthesizer_settings import LlmSettings
from tests.reliability.planted import BY_MISTAKE, CAPITALS, KEY, PASSWORD

LLM = LlmSettings("gpt-4o")


@pytest.mark.parametrize(
    ("argument", "shown"),
    [
        (f"synthesizer.key_variable={BY_MISTAKE}", "synthesizer.key_variable=***"),
        (f"++synthesizer.key_variable='{BY_MISTAKE}'", "++synthesizer.key_variable=***"),
        (f"synthesizer.key_variable=MY_KEY,{BY_MISTAKE}", "synthesizer.key_variable=***"),
        (f"synthesizer.base_url=https://me:{BY_MISTAKE}@h/v1", "synthesizer.base_url=https://***@h/v1"),
        (f"synthesizer.base_url='https://h/v1?key={BY_MISTAKE}'", "synthesizer.base_url='https://h/v1?***'"),
        (f"synthesizer.base_url=me:{BY_MISTAKE}@h/v1", "synthesizer.base_url=***@h/v1"),
        (f"synthesizer.base_url=https://me:{BY_MISTAKE}?x@h/v1", "synthesizer.base_url=https://***"),
        (f"synthesizer.base_url=https://h/v1?key=x@{BY_MISTAKE}", "synthesizer.base_url=https://***"),
        (f"synthesizer={{base_url: 'https://me:a,b:{BY_MISTAKE}@h/v1'}}",
         "synthesizer={base_url: 'https://***@h/v1'}"),
        # In a table of settings
        (f"synthesizer={{key_variable: {BY_MISTAKE}}}", "synthesizer={key_variable: ***"),
        (f"+synthesizer={{seed: 1, 'key_variable' : '{BY_MISTAKE}'}}",
         "+synthesizer={seed: 1, 'key_variable' : ***"),
        (f"synthesizer={{key_variable: [{BY_MISTAKE}]}}", "synthesizer={key_variable: ***"),
        (f"synthesizer={{key_variable: A_KEY}},{{key_variable: {BY_MISTAKE}}}",
         "synthesizer={key_variable: A_KEY},{key_variable: ***"),
        (f"synthesizer={{base_url: https://me:{BY_MISTAKE}@h/v1, seed: 1}}",
         "synthesizer={base_url: https://***@h/v1, seed: 1}"),
        (f"synthesizer={{base_url: 'https://me:a,{BY_MISTAKE}@h/v1'}}",
         "synthesizer={base_url: 'https://***@h/v1'}"),
        (f"synthesizer={{base_url: https://h/v1?key={BY_MISTAKE}}}", "synthesizer={base_url: https://h/v1?***}"),
        # As Hydra's grammar does not take it, and would repeat it
        (f"synthesizer.key_variable ={BY_MISTAKE}", "synthesizer.key_variable =***"),
        (f"synthesizer . key_variable\t={BY_MISTAKE}", "synthesizer . key_variable\t=***"),
        (f"synthesizer.key_variable: {BY_MISTAKE}=", "synthesizer.key_variable: ***"),
        (f"'synthesizer.key_variable'={BY_MISTAKE}", "'synthesizer.key_variable'=***"),
        (f"synthesizer/key-variable={BY_MISTAKE}", "synthesizer/key-variable=***"),
        (f"~synthesizer.key_variable={BY_MISTAKE}", "~synthesizer.key_variable=***"),
        (f"synthesizer.base_url =https://me:{BY_MISTAKE}@h/v1", "synthesizer.base_url =https://***@h/v1"),
    ],
)  # fmt: skip
def test_a_secret_among_the_arguments_is_refused_unseen(argument: str, shown: str) -> None:
    with pytest.raises(SmartgenError) as caught:
        refuse_secrets(["seed=1", argument])
    assert str(caught.value).startswith(f"{shown}: settings stand in records")
    assert BY_MISTAKE not in str(caught.value)


SETTINGS = ("transition.after={}", "tracking.group='{}'", "dataset.name=my-{}", "detector={}", "+note=a,{},b",
            "synthesizer.model={}", "{}=1", "{}", "--config-dir={}")  # fmt: skip


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("variable", ["OPENAI_API_KEY", "MYTOKEN", None])
def test_a_key_is_refused_wherever_it_is_typed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], setting: str, variable: str | None
) -> None:
    key = BY_MISTAKE
    if variable is not None:
        key = "q7TzB3kLm9Xw2VcR8yNp"
        refuse_secrets([setting.format(key)])  # who knows that it is one?
        monkeypatch.setenv(variable, f"{key}\n")
    assert smartgen(["dataset=demo", setting.format(key)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"smartgen: {setting.format('***')}: settings stand in records")


@pytest.mark.parametrize(
    "fine",
    ["dataset.name=desk-lamp-2-in-the-living-room", "paths.outputs=/tmp/task-0123456789-abcdef",
     "synthesizer.model=sk-with-no-figures-at-all", "transition.after=sk-2025"],
)  # fmt: skip
def test_what_only_begins_like_a_key(monkeypatch: pytest.MonkeyPatch, fine: str) -> None:
    monkeypatch.setenv("SMARTGEN_LLM_KEY", "lamp")  # a local server's, a word like any other
    refuse_secrets([fine])


def test_names_of_variables_are_taken() -> None:
    fine = ["MY_KEY", "null", "MY_KEY,OTHER_KEY", "'MY_KEY'", "", "MY_KEY, OTHER_KEY"]
    arguments = [f"synthesizer.key_variable={name}" for name in fine] + [
        "synthesizer.base_url=http://h:1/v1",
        "synthesizer={key_variable: MY_KEY, base_url: 'http://h:1/v1', model: '@cf/some'}",
        "synthesizer={base_url: http://h:1/v1, model: @cf/some, key_variable: null}",
        "synthesizer.model=@cf/some",
        "transition.source=me@home? yes",
    ]
    refuse_secrets(arguments)
    assert [*map(masked, arguments)] == arguments


@pytest.mark.parametrize("key", [CAPITALS, "JBSWY3DPEHPK3PXPJBSWY3DP", f"KEY_{CAPITALS}"])
def test_a_key_of_capitals_is_no_name(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    typed = f"synthesizer.key_variable={key}"
    with pytest.raises(SmartgenError, match=r"^synthesizer\.key_variable=\*\*\*: ") as caught:
        refuse_secrets([typed])
    assert key not in str(caught.value)
    with pytest.raises(SmartgenError, match="is no name of an environment variable") as caught:
        check_llm(replace(LLM, key_variable=key))  # as a file of settings has it
    assert key not in str(caught.value)
    monkeypatch.setenv(key, "set, so that it is a name, however odd")
    refuse_secrets([typed])
    check_llm(replace(LLM, key_variable=key))


@pytest.mark.parametrize(
    "name",
    ["OPENAI_API_KEY", "MYKEY", "KEY2", "K", "AZUREOPENAIAPIKEY12", "GPT4_KEY_OF_2025B", "_", "TEAM4X_KEY",
     "ANTHROPICAPIKEYOFMYTEAM", "OPENAI_API_KEY_FOR_PROJECT_4X"],
)  # fmt: skip
def test_sensible_names_of_variables_that_are_not_set(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name, raising=False)
    refuse_secrets([f"synthesizer.key_variable={name}"])
    check_llm(replace(LLM, key_variable=name))


def test_an_address_that_is_none_is_told_without_its_password() -> None:
    with pytest.raises(SmartgenError, match=r"base_url is '\*\*\*@h/v1', expected") as caught:
        check_url(f"me:{BY_MISTAKE}@h/v1")
    assert BY_MISTAKE not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (f"http://me:{PASSWORD}@127.0.0.1:9/x", "http://***@127.0.0.1:9/x: download failed"),
        (f"http://me:{PASSWORD}@127.0.0.1/x", "http://***@127.0.0.1/x: download failed (InvalidURL)"),
        (f"http://me:{PASSWORD}/y@127.0.0.1/x", "http://***@127.0.0.1/x: download failed"),
        (f"http://127.0.0.1:9/x?key={PASSWORD}", "http://127.0.0.1:9/x?***: download failed"),
        (f"http://127.0.0.1:9/x?key={PASSWORD} y", "http://127.0.0.1:9/x?***: download failed (InvalidURL)"),
        (f"ftp://me:{PASSWORD}@127.0.0.1/x", "ftp://***@127.0.0.1/x: no such file or folder"),
    ],
)
def test_a_source_is_told_without_its_password(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, source: str,
    told: str,
) -> None:  # fmt: skip
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert smartgen_data(["fetch", "--source", source, "--into", str(tmp_path / "into")]) == 2
    out, err = capsys.readouterr()
    assert out.startswith(f"fetching {told.partition(': ')[0]} into ")
    assert err.startswith(f"smartgen-data: {told}")
    assert PASSWORD not in out + err


@pytest.mark.parametrize("content", [b"no archive", b""])
def test_a_source_that_is_no_release_is_told_without_its_query(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: io.BytesIO(content))
    with pytest.raises(SmartgenError, match=r"^https://h/x\?\*\*\*: not a whole \.tar\.gz") as caught:
        fetch(f"https://h/x?key={PASSWORD}", tmp_path / "into", packed_manifest())
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize("proxy", [f"http://me:{PASSWORD}/x@h:1", f"odd://me:{PASSWORD}@h:1"])
def test_a_proxy_that_is_no_address_is_not_shown(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    monkeypatch.setenv("HTTP_PROXY", proxy)
    with pytest.raises(SmartgenError, match="a proxy in the environment") as caught:
        connect("http://example.invalid/v1", KEY)
    assert PASSWORD[:PART] not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
