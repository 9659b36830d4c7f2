from dataclasses import dataclass

import pytest

from smartgen.core.keys import canonical_json, content_key, without_harmless
from smartgen.core.seeds import generator, seed_for


def test_order_of_keys_does_not_matter_and_every_value_does() -> None:
    base = {"a": 1, "b": {"c": [1, 2], "d": None}}
    assert content_key(base) == content_key({"b": {"d": None, "c": [1, 2]}, "a": 1})
    changed = [{"a": 2, "b": base["b"]}, {"a": 1, "b": {"c": [2, 1], "d": None}}, {"a": 1.5, "b": base["b"]}]
    assert len({content_key(value) for value in [base, *changed]}) == 4


def test_dataclasses_are_mappings() -> None:
    @dataclass
    class Settings:
        a: int = 1

    assert canonical_json(Settings()) == '{"a":1}'


def test_a_value_without_json_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        content_key({"a": float("nan")})


def test_only_the_named_settings_are_harmless() -> None:
    settings = {
        "paths": {"outputs": "x"},
        "force": True,
        "trainer": {"progress": True, "threads": 1},
        "seed": 3,
    }
    assert without_harmless(settings) == {"trainer": {"threads": 1}, "seed": 3}


def test_seeds_come_from_names() -> None:
    assert seed_for(1, "a", "b") != seed_for(1, "ab") != seed_for(2, "ab")
    assert generator(7, "x").integers(1 << 30) == generator(7, "x").integers(1 << 30)
    assert 0 <= seed_for(0) < 2**31
