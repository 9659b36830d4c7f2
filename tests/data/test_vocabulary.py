import pytest

from smartgen.core.errors import SmartgenError
from smartgen.core.types import Behavior
from smartgen.data.vocabulary import Vocabulary


def test_the_pad_is_no_id_of_any_field() -> None:
    few = Vocabulary(("A", "B"), ("A:on",))
    many = Vocabulary(("A",), tuple(f"A:{i}" for i in range(222)))
    assert few.pad == 8
    assert many.pad == 222


def test_words_and_ids_agree(toy_vocabulary: Vocabulary) -> None:
    words = toy_vocabulary.words(Behavior(6, 7, 1, 3))
    assert words == ("Sunday", "(21~24)", "Heater", "Heater:on")
    assert tuple(table[word] for table, word in zip(toy_vocabulary.ids, words, strict=True)) == (6, 7, 1, 3)


def test_a_pair_is_valid_by_name_or_by_the_log() -> None:
    home = Vocabulary(("Heater", "Other"), ("Heater:on", "None:location"))
    assert home.is_valid(0, 0)
    assert not home.is_valid(1, 1)
    assert home.is_valid(1, 1, logged=[(1, 1)])


def test_bad_tables_are_named(toy_vocabulary: Vocabulary) -> None:
    with pytest.raises(SmartgenError, match="device ids of the vocabulary must be 0 to 1"):
        Vocabulary.from_tables({"A": 0, "B": 2}, {"A:on": 0}, {})
    with pytest.raises(SmartgenError, match="no action 'Oven:on'"):
        toy_vocabulary.action_id("Oven:on")
