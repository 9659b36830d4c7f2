"""File names, which chunks make a run, and what is refused."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from smartgen.core.errors import SmartgenError
from smartgen.data.recording_names import scan
from smartgen.data.recordings import COLLECTIONS, answers, calls, filtered_set, mapped_set


def write(path: Path, value: object = ()) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(value))
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    spring = tmp_path / "SmartGen/IoT_data/xx/spring"
    for name in (
        "generation_day_0_SPPC_th=0.91_Llama_70B",  # one call, and a chunk of an earlier run
        "generation_day_0_0_SPPC_th=0.91_Llama_70B",
        "generation_day_1_0_SPPC_th=0.91_Llama_70B",
        "generation_day_1_1_SPPC_th=0.91_Llama_70B",
        "generation_day_1_10_SPPC_th=0.91_Llama_70B",
        "generation_day_1_2_SPPC_th=0.91_Llama_70B",
        "generation_day_2_similarity_th=0.91_Llama_70B",
        "xx_spring_generation_day_0_SPPC_th=0.92_gpt-4o",
        "generation_day_0_SPPC_th=0.92_gpt-4o",
    ):
        write(spring / f"{name}.pkl", "[[]]")
        write(spring / f"{name}_seq.pkl", [])
    for name in ("generation_SPPC_th=0.91_Llama_70B_seq", "generation_SPPC_th=0.91_Llama_70B_seq_nosplit"):
        write(spring / f"{name}.pkl", [])
    write(spring / "trn.pkl", [])
    winter = tmp_path / "SmartGen/IoT_data/xx/winter"
    for day, count in enumerate((30, 61, 0)):
        write(winter / f"trn_day_{day}_SPPC_th=0.91.pkl", [[0, 0, 0, 0]] * count)
    return tmp_path


def test_names_say_what_a_file_is(root):
    found = {one.path.name: one for one in scan(root / "SmartGen/IoT_data/xx/spring")}
    assert "trn.pkl" not in found
    chunk = found["generation_day_1_10_SPPC_th=0.91_Llama_70B.pkl"]
    assert (chunk.dataset, chunk.context, chunk.day, chunk.chunk) == ("xx", "spring", 1, 10)
    assert (chunk.compression, chunk.threshold, chunk.llm) == ("SPPC", 0.91, "Llama_70B")
    assert chunk.is_answer
    assert not chunk.named
    assert found["xx_spring_generation_day_0_SPPC_th=0.92_gpt-4o.pkl"].named
    parse = found["generation_day_2_similarity_th=0.91_Llama_70B_seq.pkl"]
    assert (parse.parsed, parse.is_answer, parse.is_set, parse.compression) == (
        True,
        False,
        False,
        "similarity",
    )
    study = found["generation_SPPC_th=0.91_Llama_70B_seq_nosplit.pkl"]
    assert (study.is_set, study.variant, study.llm) == (True, "nosplit", "Llama_70B")


def test_the_survivors_say_which_chunks_belong_to_the_run(root):
    run = answers(root, "xx", "spring", 0.91, "Llama_70B")
    assert [(one.day, one.chunk) for one in run] == [(0, None), (1, 0), (1, 1), (1, 2)]


def test_chunks_are_ordered_as_numbers_and_all_count_without_survivors(root):
    for path in root.glob("SmartGen/IoT_data/xx/winter/*.pkl"):
        path.unlink()
    run = answers(root, "xx", "spring", 0.91, "Llama_70B")
    assert [(one.day, one.chunk) for one in run] == [(0, None), (0, 0), (1, 0), (1, 1), (1, 2), (1, 10)]


def test_survivors_of_a_later_run_say_nothing(root):
    run = [
        one for one in scan(root / "SmartGen/IoT_data/xx/spring") if one.is_answer and one.llm == "Llama_70B"
    ]
    assert calls(run, {0: 30, 1: 400}) == run


def test_of_two_runs_the_one_that_names_its_cell_is_taken(root):
    run = answers(root, "xx", "spring", 0.92, "gpt-4o")
    assert [one.path.name for one in run] == ["xx_spring_generation_day_0_SPPC_th=0.92_gpt-4o.pkl"]


def test_what_was_not_recorded_is_refused_with_what_was(root):
    with pytest.raises(
        SmartgenError, match=r"xx spring has no recorded answers at threshold 0.93 by gpt-4o; "
    ) as e:
        answers(root, "xx", "spring", 0.93, "gpt-4o")
    assert str(e.value).endswith("recorded: 0.91 (Llama_70B), 0.92 (gpt-4o), 0.91 (Llama_70B, similarity)")
    with pytest.raises(SmartgenError, match=r"no recorded mapped set .*; recorded: 0.91 \(Llama_70B\)$"):
        mapped_set(root, "xx", "spring", 0.91, "gpt-4o")
    with pytest.raises(SmartgenError, match=r"zz night has no recorded detection set .*; recorded: none$"):
        filtered_set(root, "detection", "zz", "night", 0.9)
    with pytest.raises(SmartgenError, match="no collection 'nothing' of recorded sets, expected detection"):
        filtered_set(root, "nothing", "xx", "spring", 0.9)


def test_a_collection_without_cells_in_its_names_takes_the_cell_of_its_attack_file(tmp_path):
    folder = tmp_path / COLLECTIONS["ablation"].folder
    write(folder / "generation_th=0.905_Llama_70B_seq_all.pkl")
    write(folder / "generation_th=0.905_Llama_70B_seq_without_SSC.pkl")
    write(folder / "labeled_xx_spring_attack_heater.pkl")
    assert filtered_set(tmp_path, "ablation", "xx", "spring", 0.905, "Llama_70B").variant == "all"
    other = filtered_set(tmp_path, "ablation", "xx", "spring", 0.905, "Llama_70B", "without_SSC")
    assert other.variant == "without_SSC"


def test_copies_in_several_folders_must_agree(tmp_path):
    folder = tmp_path / COLLECTIONS["study"].folder
    name = "xx_spring_generation_SPPC_th=0.9_gpt-4o_seq_filter_true.pkl"
    write(folder / "one" / name, [1])
    write(folder / "two" / name, [1])
    assert filtered_set(tmp_path, "study", "xx", "spring", 0.9).path.parent.name == "one"
    write(folder / "two" / name, [2])
    with pytest.raises(SmartgenError, match="differs between study/one, study/two; name one of them"):
        filtered_set(tmp_path, "study", "xx", "spring", 0.9)
    assert filtered_set(tmp_path, "study/two", "xx", "spring", 0.9).path.parent.name == "two"


@pytest.mark.release
def test_calls_of_the_published_cells(release):
    published = {
        "fr": {"spring": (0.918, 15), "night": (0.92, 7), "multiple": (0.915, 7)},
        "sp": {"spring": (0.915, 16), "night": (0.917, 11), "multiple": (0.915, 11)},
    }
    for dataset, cells in published.items():
        for context, (threshold, count) in cells.items():
            assert len(answers(release, dataset, context, threshold, "gpt-4o")) == count


@pytest.mark.release
def test_every_generation_file_below_the_data_folder_is_understood(release):
    known = {one.path for one in scan(release / "SmartGen/IoT_data", nested=True)}
    assert known == set((release / "SmartGen/IoT_data").rglob("*generation*.pkl"))


def test_a_home_without_any_set_is_told_which_have_some(root):
    write(
        root
        / COLLECTIONS["study"].folder
        / "one/xx_spring_generation_SPPC_th=0.91_gpt-4o_seq_filter_true.pkl"
    )
    with pytest.raises(SmartgenError, match=r"yy spring has no recorded study set; .* has xx spring alone"):
        filtered_set(root, "study", "yy", "spring", 0.91)
