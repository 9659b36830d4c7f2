"""What fuzzing found in the readers of logs, each as the smallest case that showed it."""

import sqlite3
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from smartgen.config import compose_cell
from smartgen.core.errors import SmartgenError
from smartgen.data.logs.log import read_log
from smartgen.data.logs.mapping import load_mapping
from smartgen.data.logs.parquet_rows import _texts
from smartgen.data.logs.split import split_log
from smartgen.logs_settings import LogsSettings
from smartgen.reads import input_paths
from tests.data.logs.recorder import build


@pytest.mark.parametrize("text", ["!!bool x", "!!timestamp x", "!!int ''", "!!float ''"])
def test_a_yaml_tag_with_a_text_of_another_kind(tmp_path: Path, text: str) -> None:
    file = tmp_path / "mapping.yaml"
    file.write_text(f"columns: {{time: {text}, device: item, action: state}}\n")
    with pytest.raises(SmartgenError, match=r"mapping\.yaml: not YAML"):
        load_mapping(str(file))


@pytest.mark.parametrize("encoding", ["\udcff", "utf\0", "hex"])
def test_an_encoding_that_there_cannot_be(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "log.csv"
    file.write_text("time,device,action\n2024-03-01 07:00:00,Light,on\n")
    with pytest.raises(SmartgenError, match=r"dataset\.encoding is .* no known encoding"):
        read_log(LogsSettings(name="logs", path=str(file), zone="UTC", encoding=encoding))


@pytest.mark.parametrize("mapping", ["x" * 5000, "\udcff", "half\ud800"])
def test_a_mapping_whose_name_no_file_can_have(tmp_path: Path, mapping: str) -> None:
    file = tmp_path / "log.csv"
    file.write_text("time,device,action\n2024-03-01 07:00:00,Light,on\n")
    with pytest.raises(SmartgenError, match=r"dataset\.mapping is"):
        read_log(LogsSettings(name="logs", path=str(file), zone="UTC", mapping=mapping))


@pytest.mark.parametrize("path", ["log\0.csv", "\ud800.csv"])
def test_a_log_whose_name_no_file_can_have(path: str) -> None:
    with pytest.raises(SmartgenError, match=r"dataset\.path is .* expected a name that a file can have"):
        read_log(LogsSettings(name="logs", path=path, zone="UTC"))


def parquet_log(tmp_path: Path, zone: str) -> Path:
    file = tmp_path / "log.parquet"
    times = pa.array([1_709_276_400_000] * 2).cast(pa.timestamp("ms", zone))
    pq.write_table(pa.table({"time": times, "device": ["Light", "Fan"], "action": ["on", "on"]}), file)
    return file


@pytest.mark.parametrize("zone", ["+x1", "+1:2:3", "-", "+99999999:00", "+\u0661\u0661"])
def test_an_offset_that_is_none_in_a_parquet_file(tmp_path: Path, zone: str) -> None:
    file = parquet_log(tmp_path, zone)
    with pytest.raises(SmartgenError, match=r"log\.parquet: its times are of the zone .* not known"):
        read_log(LogsSettings(name="logs", path=str(file)))


LONG = "Europe/" + "[" * 5000


@pytest.mark.parametrize(
    ("column", "told"),
    [
        (pa.array([0] * 2).cast(pa.timestamp("ms", LONG)), "its times are of the zone 'Europe/\\["),
        (pa.array([{LONG: 1}] * 2), r"column 'time' is of type struct<Europe/\["),
    ],
)
def test_a_long_text_in_a_parquet_schema_is_told_in_a_short_line(
    tmp_path: Path, column: pa.Array, told: str
) -> None:
    file = tmp_path / "log.parquet"
    pq.write_table(pa.table({"time": column, "device": ["Light", "Fan"], "action": ["on", "on"]}), file)
    with pytest.raises(SmartgenError, match=told) as caught:
        read_log(LogsSettings(name="logs", path=str(file)))
    assert len(str(caught.value)) < len(str(file)) + 200


def test_a_long_text_in_a_file_of_periods_is_told_in_a_short_line(tmp_path: Path) -> None:
    log = read_log(LogsSettings(name="logs", path=str(parquet_log(tmp_path, "+01:00"))))
    (tmp_path / "periods.csv").write_text(f"start,end\n{LONG},2024-03-02\n")
    with pytest.raises(SmartgenError, match=r"periods\.csv: line 2 has 'Europe/") as caught:
        split_log(log, str(tmp_path / "periods.csv"))
    assert len(str(caught.value)) < len(str(tmp_path)) + 300


@pytest.mark.parametrize(("zone", "ahead"), [("+01:00", 3600), ("-0530", -19800), ("+9", 32400)])
def test_an_offset_in_a_parquet_file(tmp_path: Path, zone: str, ahead: int) -> None:
    log = read_log(LogsSettings(name="logs", path=str(parquet_log(tmp_path, zone))))
    assert log.offsets.tolist() == [ahead] * 2


def test_a_parquet_column_whose_name_is_no_text(tmp_path: Path) -> None:
    file = parquet_log(tmp_path, "UTC")
    file.write_bytes(file.read_bytes().replace(b"device", b"dev\xe3ce"))
    with pytest.raises(SmartgenError, match=r"log\.parquet: cannot be read as Parquet"):
        read_log(LogsSettings(name="logs", path=str(file)))


def test_texts_that_a_parquet_dictionary_lacks(tmp_path: Path) -> None:
    column = pa.DictionaryArray.from_arrays(pa.array([0, 7], pa.int32()), pa.array(["Light"]), safe=False)
    with pytest.raises(SmartgenError, match="column 'device' is damaged, it names texts that it lacks"):
        _texts(column, "device", tmp_path / "log.parquet")


def test_an_id_that_a_damaged_schema_keeps_as_text(tmp_path: Path) -> None:
    file = tmp_path / "home-assistant_v2.db"
    rows = [(second, "light.hall", state) for second, state in ((0, "off"), (60, "on"), (120, "off"))]
    build(file, rows)
    with sqlite3.connect(file) as database:
        database.executescript(
            "CREATE TABLE other AS SELECT 'x' || state_id AS state_id, state, last_updated_ts, "
            "attributes_id, metadata_id FROM states; DROP TABLE states; ALTER TABLE other RENAME TO states"
        )
    database.close()
    assert len(read_log(LogsSettings(name="logs", path=str(file), zone="UTC"))) == 2


def test_the_home_of_a_user_that_there_is_not(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_text("time,device,action\n2024-03-01 07:00:00,Light,on\n")
    nobody = "~nobody-of-this-name/x"
    with pytest.raises(SmartgenError, match=rf"{nobody}: cannot be read"):
        read_log(LogsSettings(name="logs", path=nobody))
    with pytest.raises(SmartgenError, match=rf"dataset\.mapping is '{nobody}', which cannot be read"):
        read_log(LogsSettings(name="logs", path=str(file), zone="UTC", mapping=nobody))


def test_a_mapping_in_the_home_folder_is_one_of_the_inputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = LogsSettings(name="logs", path="~/log.csv", mapping="~/own.yaml")
    assert {tmp_path / "log.csv", tmp_path / "own.yaml"} <= set(settings.files)


@pytest.mark.parametrize("path", [".", "/", "/dev/null/x"])
def test_a_log_that_is_a_folder_or_below_a_file(path: str) -> None:
    cell = compose_cell("dataset=logs", f"dataset.path={path}", "task=compression")
    with pytest.raises(SmartgenError, match=r"is a folder|cannot be read"):
        read_log(cell.dataset)
    assert not any(one.is_dir() for one in input_paths(cell)), "nothing would be walked through"


def test_entities_with_names_of_thousands_of_letters(tmp_path: Path) -> None:
    file = tmp_path / "home-assistant_v2.db"
    build(file, [(0, f"{'x' * 3000}{number}.y", "on") for number in range(30)])
    with pytest.raises(SmartgenError, match="none of its entities is one that people act on") as told:
        read_log(LogsSettings(name="logs", path=str(file), zone="UTC"))
    assert len(str(told.value)) < 1500
    rows = [(0, f"light.{'x' * 3000}", "warm"), (1, "light.hall", "on")]
    file.unlink()
    build(file, rows)
    with pytest.raises(SmartgenError, match="not one of 2 rows is a behavior") as told:
        read_log(LogsSettings(name="logs", path=str(file), zone="UTC"))
    assert len(str(told.value)) < 1500
