"""Files of models: what is damaged, foreign or missing is told in one line."""

import hashlib
import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import save
from threadpoolctl import threadpool_info

from smartgen.blueprint import Blueprint
from smartgen.core.errors import SmartgenError
from smartgen.core.types import Sequences
from smartgen.data.vocabulary import Vocabulary
from smartgen.protocols.thresholds import Threshold
from smartgen.saved import Trained, has_models, load_model, save_models
from smartgen.settings import (
    DetectorSettings,
    PredictorSettings,
    TrainerSettings,
    TransAESettings,
    UnifiedProtocolSettings,
)

CPU = TrainerSettings(accelerator="cpu")
TRANSAE = TransAESettings("transae", d_model=8, heads=2, layers=1, epochs=1)


def kept(outputs: Path, design: Blueprint, train: Sequences, *names: str) -> Path:
    """The folder of a cell that kept one model under these names."""
    detector = design.make().fit([train])
    border = Threshold(0.5, strict=True)
    save_models(outputs, "cell", {"seed": 1}, [Trained(name, detector, design, border) for name in names])
    return outputs / "runs/cell"


@pytest.fixture
def folder(tmp_path: Path, toy_vocabulary: Vocabulary, toy_sequences: Sequences) -> Path:
    design = Blueprint("detector", toy_vocabulary, TRANSAE, 1, CPU, field=3)
    return kept(tmp_path, design, toy_sequences, "model")


def told(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "models/model.json").read_text())
    return content


def test_a_blueprint_survives_json(toy_vocabulary: Vocabulary) -> None:
    for design in (
        Blueprint("detector", toy_vocabulary, TRANSAE, 7, CPU, field=0),
        Blueprint(
            "detector", toy_vocabulary, DetectorSettings("seen"), 7, CPU, UnifiedProtocolSettings("unified")
        ),
    ):
        assert Blueprint.from_json(json.loads(json.dumps(design.to_json()))) == design


def test_a_model_is_found_by_file_or_folder(folder: Path, toy_sequences: Sequences) -> None:
    found = [load_model(folder / name) for name in (".", "models", "models/model.json")]
    assert len({one.score(toy_sequences).tobytes() for one in found}) == 1
    assert (found[0].key, found[0].axes) == ("cell", {"seed": 1})
    assert found[0].score(toy_sequences.take([])).shape == (0,)
    assert not has_models(folder.parents[1], "cell")  # no record says so


def test_of_several_models_one_is_to_be_named(
    tmp_path: Path, toy_vocabulary: Vocabulary, toy_sequences: Sequences
) -> None:
    design = Blueprint("detector", toy_vocabulary, DetectorSettings("seen"), 1, CPU, field=3)
    folder = kept(tmp_path, design, toy_sequences, "fold_0", "fold_1")
    with pytest.raises(
        SmartgenError, match=r"2 models are here, name one: models/fold_0.json, models/fold_1"
    ):
        load_model(folder)
    assert load_model(folder / "models/fold_1.json").flags(toy_sequences).tolist() == [False] * 5


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ([[0, 0, 0, 1], []], "sequence 1 is empty"),
        ([[0, 0, 0, 1], [0, 0, 0, 1, 0, 0, 3, 1]], "sequence 1 has device 3, expected 0 to 2"),
        ([[0, -1, 0, 1]], "sequence 0 has hour -1, expected 0 to 7"),
    ],
)
def test_sequences_of_another_home_are_refused(folder: Path, wrong: list[list[int]], message: str) -> None:
    with pytest.raises(SmartgenError, match=message):
        load_model(folder).flags(Sequences.from_lists(wrong))


def test_arrays_are_kept_whatever_their_strides(tmp_path: Path, toy_vocabulary: Vocabulary) -> None:
    scores = np.arange(36.0).reshape(6, 6)
    for name, array in {"rows": scores, "columns": scores.T, "turned": scores[::-1, ::-1]}.items():
        design = Blueprint("predictor", toy_vocabulary, PredictorSettings("markov"), 1, CPU)
        model = design.make().restore({"scores": array})
        save_models(tmp_path, name, {}, [Trained("model", model, design)])
        assert load_model(tmp_path / "runs" / name).model.scores.tolist() == array.tolist()


def test_scores_are_computed_on_as_many_threads_as_in_the_cell(
    folder: Path, toy_sequences: Sequences
) -> None:
    """With two, LOF takes other ones of equally near neighbors."""
    used: list[int] = []

    class Counting:
        def score(self, sequences: Sequences) -> NDArray[np.float64]:
            used.extend([torch.get_num_threads(), *(one["num_threads"] for one in openmp())])
            return np.zeros(len(sequences))

    def openmp() -> list[dict[str, Any]]:
        return [one for one in threadpool_info() if one["user_api"] == "openmp"]

    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        replace(load_model(folder), model=Counting()).score(toy_sequences)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert set(used) == {1}


def refused(path: Path) -> str:
    with pytest.raises(SmartgenError) as caught:
        load_model(path)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_what_is_missing_is_named(folder: Path, tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path / "nowhere.json")
    assert "no saved model here" in refused(tmp_path)
    (folder / "models/model.safetensors").unlink()
    assert "cannot be read" in refused(folder / "models/model.json")


@pytest.mark.parametrize("content", [b"", b"[1, 2]", b"{", b"\xff\xfe", pickle.dumps({"format": 1}), b"{}"])
def test_a_foreign_description_is_refused(folder: Path, content: bytes) -> None:
    (folder / "models/model.json").write_bytes(content)
    assert "expected the JSON file of a saved model" in refused(folder)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("format", 2),
        ("members", 3),
        ("members", "x"),
        ("threshold", {"value": 1.0, "loose": True}),
        ("model", {}),
        ("model", {"kind": "oracle"}),
        ("sha256", None),
    ],
)
def test_a_description_that_does_not_fit_is_refused(folder: Path, name: str, value: object) -> None:
    (folder / "models/model.json").write_text(json.dumps(told(folder) | {name: value}))
    assert "model.json" in refused(folder)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("class", "Path"),
        ("class", "PredictorSettings"),
        ("name", "os"),
        ("d_model", 16),
        ("d_model", "wide"),
        ("colour", "red"),
    ],
)
def test_settings_that_do_not_fit_the_weights_are_refused(folder: Path, name: str, value: object) -> None:
    content = told(folder)
    content["model"]["settings"][name] = value
    (folder / "models/model.json").write_text(json.dumps(content))
    assert "no model can be made of it" in refused(folder)


def test_a_part_that_is_missing_is_named(folder: Path) -> None:
    for name in ("key", "axes", "model", "members", "threshold", "sha256"):
        content = told(folder)
        whole = dict(content)
        del content[name]
        (folder / "models/model.json").write_text(json.dumps(content))
        assert f"has no {name}" in refused(folder)
        (folder / "models/model.json").write_text(json.dumps(whole))


@given(st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_weights_are_refused(folder: Path, data: st.DataObject) -> None:
    path = folder / "models/model.safetensors"
    whole = path.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    try:
        path.write_bytes(whole[:place] + data.draw(st.sampled_from([b"", bytes([whole[place] ^ 1])])))
        assert "not the weights that model.json was written with" in refused(folder)
    finally:
        path.write_bytes(whole)


def test_weights_in_another_form_are_never_unpickled(folder: Path) -> None:
    for content in (pickle.dumps({"a": 1}), save({})):
        (folder / "models/model.safetensors").write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        (folder / "models/model.json").write_text(json.dumps(told(folder) | {"sha256": digest}))
        assert "expected safetensors" in (line := refused(folder)) or "no model can be made" in line
