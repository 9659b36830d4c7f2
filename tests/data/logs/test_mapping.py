from pathlib import Path

import pytest

from smartgen.core.errors import SmartgenError
from smartgen.data.logs.mapping import NOTHING, READING, SHIPPED, UNNAMED, load_mapping

GOOD = "columns: {time: t, device: d, value: v}\n"


def saved(folder: Path, text: str) -> str:
    path = folder / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("name", "attribute", "value", "told"),
    [
        ("openhab", None, "ON", ("on", "")),
        ("openhab", None, "Closed", ("close", "")),
        ("openhab", None, "NULL", (None, NOTHING)),
        ("openhab", None, "21.5 °C", (None, READING)),
        ("openhab", None, "55", (None, READING)),
        ("openhab", None, "120,50,30", (None, UNNAMED)),
        ("openhab", None, "2024-03-01T07:00:00.000+0100", (None, UNNAMED)),
        ("smartthings", "switch", "on", ("switch on", "")),
        ("smartthings", "Switch", "off", ("switch off", "")),
        ("smartthings", "contact", "closed", ("contact close", "")),
        ("smartthings", "lock", "unlocked with timeout", ("lock unlock", "")),
        ("smartthings", "level", "40", ("level set", "")),
        ("smartthings", "temperature", "21.5", (None, READING)),
        ("smartthings", "door", "opening", (None, NOTHING)),
    ],
)
def test_the_shipped_mappings_say_what_a_value_means(
    name: str, attribute: str | None, value: str, told: tuple[str | None, str]
) -> None:
    assert load_mapping(name).command(value, attribute) == told


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_mapping_explains_each_key_on_its_line(name: str) -> None:
    import smartgen.data.logs as package

    path = Path(package.__path__[0], "mappings", f"{name}.yaml")
    for line in path.read_text(encoding="utf-8").splitlines():
        assert "# " in line, line
    assert load_mapping(str(path)) == load_mapping(name)


def test_numbers_and_others_are_kept_or_left_out_as_asked(tmp_path: Path) -> None:
    kept = load_mapping(saved(tmp_path, GOOD + "numbers: set\nothers: keep\n"))
    assert kept.command("-3,5 %") == ("set", "")
    assert kept.command("Sunny") == ("Sunny", "")
    left = load_mapping(saved(tmp_path, GOOD + "others: drop\ncommands: {1: 'on'}\n"))
    assert left.command("1") == ("on", "")
    assert left.command("2") == (None, READING)
    assert left.command("Sunny") == (None, UNNAMED)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the file is None, expected a table"),
        ("[1, 2", "not YAML"),
        ("!!python/object/apply:os.system [ls]", "not YAML"),
        ("a: &a [*a]", "no key a, expected columns"),
        (GOOD + "attribtes: [x]", "no key attribtes, expected columns, attributes"),
        ("columns: {time: t, device: d, value: v, room: r}", "no key columns.room, expected time"),
        ("columns: {time: t, device: d}", "expected exactly one of action and value"),
        ("columns: {time: t, device: d, value: v, action: a}", "expected exactly one of action and value"),
        ("columns: {device: d, value: v}", "columns has no time"),
        ("columns: {time: [], device: d, value: v}", "columns.time is empty"),
        ("columns: {time: ' ', device: d, value: v}", "columns.time has an empty text"),
        (GOOD + "attributes: [switch]", "expected columns.attribute along with it"),
        (GOOD + "commands: {ON: 'on'}", "commands has True, expected a text; on, off, yes, no"),
        (GOOD + "commands: [on]", "commands is [True], expected a table"),
        (GOOD + "skip: [NULL]", "skip has None, expected a text"),
        (GOOD + "numbers: 1.5", "numbers has 1.5, expected a text"),
        (GOOD + "others: maybe", "others is 'maybe', expected keep or drop"),
        ("columns: 2024-02-31", "not YAML"),
    ],
)
def test_a_wrong_mapping_is_one_line_with_file_and_key(text: str, told: str, tmp_path: Path) -> None:
    name = saved(tmp_path, text)
    with pytest.raises(SmartgenError) as caught:
        load_mapping(name)
    assert str(caught.value).startswith(f"{name}: ")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_mapping_that_is_no_file_is_told_with_those_shipped(tmp_path: Path) -> None:
    with pytest.raises(
        SmartgenError, match=r"cannot be read .*; expected openhab, smartthings or a YAML file"
    ):
        load_mapping("openhub")
    path = tmp_path / "bytes.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SmartgenError, match="not UTF-8"):
        load_mapping(str(path))
