"""Declarations load, and complain with file and key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from smartgen.core.errors import SmartgenError
from smartgen.core.models import ADDED, DETECTORS
from smartgen.tables.declare import Place, load_named, load_table, table_names

Write = Callable[[Mapping[str, Any]], Path]


@pytest.mark.parametrize("name", table_names())
def test_every_declaration_loads_and_has_a_number_for_some_place(name: str) -> None:
    table = load_named(name)
    assert set(table.published) <= set(table.places)
    assert set(table.released) <= set(table.places)
    assert table.published or table.released


def test_table2_is_whole() -> None:
    table = load_named("table2")
    assert len(table.published) == len(table.released) == 216
    assert len(table.places) == 216 + (4 + 2 * len(ADDED["detector"])) * 27  # controls too
    assert table.methods["SmartGen"].cells == {
        "detector": "transae",
        "detector.network": "smartgen",
        "regime": "synthetic",
        "synthesizer": "replay",
        "synthesizer.collection": ("detection", "(none)"),
    }
    assert all(method.cells for method in table.methods.values())


def test_fields_arrive(write_declaration: Write, declaration: dict[str, Any]) -> None:
    table = load_table(write_declaration(declaration))
    place = Place("FR", "ST", "Rate (%)", "Ours")
    assert table.published[place] == 58.53
    assert Place("SP", "ST", "F1 Score", "Ours") not in table.published
    assert table.metrics["Rate (%)"].scale == 100
    assert table.methods["Ours"].command == "smartgen experiment=small"
    assert table.methods["Ours"].defaults == {"trainer.threads": 1}
    assert table.skip_reason(place._replace(method="Slow")) == "takes a week"
    assert table.skip_reason(place) == ""


def test_models_that_no_method_names_get_rows_from_templates(
    write_declaration: Write, declaration: dict[str, Any]
) -> None:
    declaration["others"] = {
        "{}": {"of": "detector", "cells": {"regime": "source"}, "command": "smartgen system={}"},
        "{} (adapted)": {
            "of": "detector",
            "cells": {"regime": ["synthetic", "mixed"]},
            "keys": {"Number": "n"},
        },
    }
    table = load_table(write_declaration(declaration))
    others = [name for name in DETECTORS if name != "transae"]  # which "Ours" names
    assert list(table.methods) == [
        *("LOF", "Slow", "Ours"),
        *(row for name in others for row in (name, f"{name} (adapted)")),
    ]
    stale, adapted = table.methods["aegis"], table.methods["aegis (adapted)"]
    assert (stale.cells, stale.command) == (
        {"detector": "aegis", "regime": "source"},
        "smartgen system=aegis",
    )
    assert adapted.cells == {"detector": "aegis", "regime": ("synthetic", "mixed")}
    assert (adapted.command, adapted.keys) == ("smartgen experiment=small", {"Number": "n"})
    own = {"detector.smoothing": 1e-10, "detector.cut": 50}  # as conf/detector/aegis.yaml has them
    assert stale.defaults == adapted.defaults == {"trainer.threads": 1, **own}
    place = Place("FR", "ST", "F1 Score", "aegis")
    assert place in table.places
    assert place not in table.published


def test_predictors_may_rank_actions_or_tokens(write_declaration: Write, declaration: dict[str, Any]) -> None:
    declaration["methods"] |= {
        "HMM": {"cells": {"predictor": "hmm"}},
        "SASRec": {"cells": {"predictor": "sasrec"}},
    }
    declaration["others"] = {
        "{}": {"of": "predictor", "cells": {}},
        "{} adapted": {"of": "token_predictor", "cells": {}},
    }
    methods = load_table(write_declaration(declaration)).methods
    assert "hmm" not in methods
    assert {"fpmc", "device", "device adapted"} <= set(methods)
    assert not {"fpmc adapted", "sasrec adapted"} & set(methods)


def test_tables_without_homes_or_methods_fit(write_declaration: Write, declaration: dict[str, Any]) -> None:
    """Two tasks in one table, and one column only, need nothing but metrics with axes and a lone method."""
    declaration |= {
        "datasets": {"SP": "sp"},
        "methods": {"Ours": {"cells": None}},
        "skips": [],
        "released": {},
    }
    declaration["metrics"] = {
        "F1 Score": {"key": "f1", "unit": "share", "axes": {"task": "detection"}},
        "HR@10": {"key": "hr_10", "unit": "share", "axes": {"task": "prediction"}},
    }
    declaration["published"] = {"SP": {"ST": {"F1 Score": {"Ours": 0.5}, "HR@10": {"Ours": 0.6}}}}
    table = load_table(write_declaration(declaration))
    assert table.metrics["HR@10"].axes == {"task": "prediction"}


@pytest.mark.parametrize(
    ("at", "value", "said"),
    [
        (("schema",), 2, "schema: expected 1"),
        (("name",), "other", "name: expected the file's own name, small"),
        (("title",), None, "title: expected text"),
        (("metrics", "F1 Score", "unit"), "ratio", "metrics.F1 Score.unit: expected one of: share, percent"),
        (("metrics", "F1 Score", "kye"), "f1", "metrics.F1 Score.kye: unknown key"),
        (("metrics", "F1 Score"), {"unit": "share"}, "metrics.F1 Score: expected the key 'key' in it"),
        (("methods", "Ours"), {}, "methods.Ours: expected the key 'cells'"),
        (("datasets",), ["FR"], "datasets: expected a mapping"),
        (("axes",), {"task": ["a"]}, "axes.task: expected text, a number, a boolean or null"),
        (("skips",), [{"reason": "x"}], "skips[0]: expected one of dataset, transition, metric, method"),
        (("skips",), [{"reason": "x", "method": "Y"}], "skips[0].method: expected one of: LOF, Slow, Ours"),
        (("checks",), [{"f1": "F1 Score", "precision": "Number", "recall": "Number"}], "checks[0].precision"),
        (
            ("published", "FR", "ST", "F1 Score", "Ours"),
            "0.9",
            "published.FR.ST.F1 Score.Ours: expected a number",
        ),
        (
            ("others",),
            {"{}": {"of": "robot", "cells": {}}},
            "others.{}.of: expected one of: detector, predictor",
        ),
        (("others",), {"{}": {"of": "detector"}}, "others.{}: expected the key 'cells'"),
        (("published", "XX"), {}, "published.XX: expected one of: FR, SP"),
    ],
)
def test_errors_name_file_and_key(
    write_declaration: Write, declaration: dict[str, Any], at: tuple[str, ...], value: Any, said: str
) -> None:
    inner: Any = declaration
    for key in at[:-1]:
        inner = inner[key]
    inner[at[-1]] = value
    with pytest.raises(SmartgenError) as caught:
        load_table(write_declaration(declaration))
    assert "small.yaml" in str(caught.value)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_broken_yaml_and_unknown_names_are_said(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("a: [1\nb: 2")
    with pytest.raises(SmartgenError, match=r"bad\.yaml: expected a YAML declaration"):
        load_table(tmp_path / "bad.yaml")
    with pytest.raises(SmartgenError, match="choose one of: bad"):
        load_named("good", tmp_path)
