"""The prediction task of a toy home, from start to record."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smartgen.cell import Prepared
from smartgen.core.errors import SmartgenError
from smartgen.core.records import CASES_FILE, read_cases, read_records, result_digest
from smartgen.settings import (
    DatasetSettings,
    PredictorSettings,
    ReleasedProtocolSettings,
    SasrecSettings,
    TrainerSettings,
    TransAESettings,
    UnifiedProtocolSettings,
    WindowPredictorSettings,
)

UNIFIED = UnifiedProtocolSettings(name="unified", max_steps=20, check_every=10, batch_size=8, width=16)
LSTM = WindowPredictorSettings("lstm", width=8, epochs=2)
SASREC = SasrecSettings("sasrec", width=8, epochs=1, batch_size={"source": 32, "synthetic": 8})
RELEASED = ReleasedProtocolSettings(name="released")


@pytest.mark.parametrize(
    ("predictor", "protocol", "regime"),
    [
        (LSTM, RELEASED, "source"),
        (SASREC, RELEASED, "source"),
        (SASREC, RELEASED, "synthetic"),
        (PredictorSettings("device"), RELEASED, "source"),
        (SASREC, UNIFIED, "mixed"),
        (PredictorSettings("markov"), UNIFIED, "oracle"),
    ],
)
def test_prediction_leaves_a_record_and_under_unified_its_cases(
    cell: Any, run: Any, tmp_path: Path, predictor: PredictorSettings, protocol: Any, regime: str
) -> None:
    settings = cell(tmp_path, task="prediction", predictor=predictor, protocol=protocol, regime=regime)
    outcome = run(settings)
    (record,) = read_records(tmp_path)
    assert outcome.key.startswith(f"demo-seasonal-prediction-{predictor.name}-{regime}-{protocol.name}")
    assert record.axes["method"] == record.axes["predictor"] == predictor.name
    assert "detector" not in record.config
    assert all(0 <= record.metrics[name] <= 1 for name in ("hr@1", "hr@10", "ndcg@10", "mrr"))
    assert (record.path / CASES_FILE).is_file() == (protocol is UNIFIED)
    if protocol is UNIFIED:
        cases = read_cases(record)
        assert record.metrics["every_hr@1"] <= 1
        assert len(cases["above"]) >= record.counts["test_fold_0"] + record.counts["test_fold_1"]
    first = result_digest(record)
    settings.force = True
    run(settings)
    assert result_digest(read_records(tmp_path)[0]) == first


def test_half_precision_gives_finite_numbers(cell: Any, run: Any, tmp_path: Path) -> None:
    half = TrainerSettings(accelerator="cpu", precision="bf16-mixed")
    for protocol in (RELEASED, UNIFIED):
        for predictor, regime in ((SASREC, "synthetic"), (LSTM, "source")):
            foretell = cell(tmp_path, task="prediction", predictor=predictor, protocol=protocol, trainer=half)
            foretell.regime = regime
            assert 0 <= run(foretell).metrics["mrr"] <= 1


def test_the_other_tasks_model_is_no_part_of_a_key(cell: Any, tmp_path: Path) -> None:
    def keys(**changes: Any) -> set[str]:
        return {Prepared(cell(tmp_path, **changes, **other)).key for other in OTHERS}

    OTHERS: list[dict[str, Any]] = [
        {"detector": TransAESettings("transae", d_model=size)} for size in (16, 32)
    ]
    assert len(keys(task="prediction", predictor=SASREC, protocol=UNIFIED)) == 1
    OTHERS = [{"predictor": one} for one in (LSTM, SASREC)]
    assert len(keys(protocol=UNIFIED)) == 1


def test_what_no_predictor_can_do_is_refused(cell: Any, run: Any, tmp_path: Path) -> None:
    for wrong, told in (
        (
            {"predictor": LSTM, "protocol": RELEASED},
            "predictor=lstm, regime is 'synthetic', expected one of source",
        ),
        (
            {"predictor": PredictorSettings("device"), "protocol": UNIFIED},
            "predictor is 'device', expected one of hmm",
        ),
        ({"predictor": SASREC, "protocol": replace(UNIFIED, mix="half")}, "protocol.mix is 'half'"),
        ({"predictor": replace(SASREC, dropout=1.0), "protocol": UNIFIED}, "predictor.dropout is 1.0"),
        (
            {"predictor": replace(SASREC, heads=3), "protocol": UNIFIED},
            "heads is 3, expected a divisor of protocol.w",
        ),
        ({"predictor": replace(LSTM, epochs=0), "protocol": UNIFIED}, "predictor.epochs is 0"),
    ):
        with pytest.raises(SmartgenError, match=told):
            run(cell(tmp_path, task="prediction", **wrong))
    short = cell(tmp_path, task="prediction", predictor=LSTM, protocol=RELEASED, regime="source")
    short.dataset = DatasetSettings(name="demo", kind="demo", days=1)
    with pytest.raises(SmartgenError, match="windows of 10 behaviors, expected"):
        run(short)
    no_size = replace(SASREC, batch_size={})
    with pytest.raises(SmartgenError, match="batch_size has no synthetic"):
        run(cell(tmp_path, task="prediction", predictor=no_size, protocol=RELEASED))
