"""Every command of the README and of the pages is executed; one that no rule knows fails.

*Tutorials* and the page on the library run verbatim: a page is one script in a folder of its own, and what a
page shows must be printed: each line of a ``text`` block, numbers apart; ``...`` is what was left out. A
block of Python or YAML with a title is a file; one of Python without is run. Blocks on the authors' data run
where SMARTGEN_RELEASE names it. Pages on files of the clone run in a copy of it.

*Anything else*, in blocks or in the text:

- ``smartgen``: its settings compose as they stand, launcher included; then its cells run with ``plan=true``,
  up to measuring. A sweep of more than `MOST` cells runs fewer, on one home and change (FR, if it is there):
  each value of each other axis occurs, numbers counting as one value. Where an encoder would be trained
  before an LLM is planned for, it is a tiny one.
- ``smartgen-report``: on records of the demo home; it answers, or names in one line the command that makes
  records. ``run`` composes its sweeps and counts what is left, for running them takes hours. ``html`` and
  ``audit`` do without the authors' data, on which each check has tests of its own.
- ``smartgen-data``: on SMARTGEN_RELEASE; ``fetch`` copies from there, ``conformance`` has tests of its own;
  ``log`` and ``drift``: on a log made of the demo home.
- ``smartgen-score``: with a model made here in the place of the named one, on no lines.
- ``make``: the target exists. Scripts: ``--help``. ``pip``, ``pytest``: files and extras exist.
"""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.docs.pages import RELEASE, commands, filled, needs_release
from tests.docs.plans import plans
from tests.docs.rules import reports, rule_of
from tests.embedded import MODELS


def parameters() -> list[object]:
    found, known = [], set()
    for command, page in commands().items():
        words = shlex.split(filled(command))
        if words[:2] == ["smartgen-data", "fetch"]:
            words = [*words[:2], "--source", RELEASE or "nowhere"]
        if tuple(words) in known:
            continue
        known.add(tuple(words))
        marks = [pytest.mark.release] if needs_release(words) else []
        found.append(pytest.param(words, id=f"{page}: {command}"[:150], marks=marks))
    return found


@pytest.fixture(scope="session")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Outputs of all plans, so that what they have in common is made once."""
    return tmp_path_factory.mktemp("planned")


@pytest.mark.slow
@pytest.mark.parametrize("words", parameters())
def test_a_command_runs(
    words: list[str], recorded: Path, planned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = rule_of(words)
    assert rule is not None, f"no rule for {shlex.join(words)}; add one, or mark what is no command otherwise"
    place = {plans: planned, reports: recorded}.get(rule, tmp_path)
    monkeypatch.chdir(place)
    monkeypatch.delenv("SMARTGEN_OUTPUTS", raising=False)
    monkeypatch.setenv("SMARTGEN_MODELS", str(MODELS))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    rule(words, place)


def test_what_no_rule_knows_is_told() -> None:
    assert rule_of(["smartgen", "dataset=demo"]) is plans
    assert rule_of(["python", "of_ones_own.py"]) is None
