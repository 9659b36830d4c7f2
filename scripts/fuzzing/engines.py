"""Who makes the cases: seeded mutation, hypothesis, or atheris, which libFuzzer guides by coverage."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

from fuzzing.guard import Guard
from fuzzing.mutate import LARGEST
from fuzzing.tally import Tally
from fuzzing.target import Outcome, Reader

ENGINES = ("atheris", "hypothesis", "mutation")
POOL = 400  # cases that mutation goes on from
WARM = 50  # mutated cases before the first that counts: what is imported late is imported then
FRESH = 0.3  # of atheris's cases begin from a seed: most of a corpus is refused early
REPORTED = 500  # cases between reports

Check = Callable[[bytes], Outcome]
Report = Callable[[Tally], None]  # after a few hundred cases; may end the run by SystemExit


def warmed(guard: Guard, reader: Reader) -> Check:
    """The check of a case, once what the reader imports late is imported.

    Raises:
        ValueError: not one of the seeds is read whole.
    """
    outcomes = [guard.check(reader, seed) for seed in reader.seeds]
    rng = Random(0)
    for _ in range(WARM):
        guard.check(reader, reader.mutate(rng.choice(reader.seeds), rng))
    if outcomes[0].findings or not any(outcome.kind == "whole" for outcome in outcomes):
        outcomes = [guard.check(reader, seed) for seed in reader.seeds]
    if not any(outcome.kind == "whole" for outcome in outcomes):
        raise ValueError(f"no seed of {reader.name} is read whole: {outcomes}")
    return lambda data: guard.check(reader, data)


def run_mutation(reader: Reader, check: Check, tally: Tally, cases: int, report: Report) -> None:
    """Mutations of the seeds, and of cases that were told something new."""
    rng, pool, known = Random(tally.seed), list(reader.seeds), set()
    for number in range(cases):
        start = rng.choice(reader.seeds if rng.random() < 0.5 else pool)
        case = reader.seeds[number] if number < len(reader.seeds) else reader.mutate(start, rng)
        outcome = check(case)
        tally.add(case, outcome)
        told = (outcome.kind, re.sub(r"\d+|'.*'|\".*\"", "", outcome.told)[:200])
        if told not in known and len(pool) < POOL:
            known.add(told)
            pool.append(case)
        if number % REPORTED == 0:
            tally.corpus = len(pool)
            report(tally)
    tally.corpus = len(pool)
    report(tally)


def run_hypothesis(reader: Reader, check: Check, tally: Tally, cases: int, report: Report) -> None:
    """Chains of mutations that hypothesis draws, and bytes of its own; equal seeds draw equal cases."""
    from hypothesis import HealthCheck, Phase, given, seed, settings
    from hypothesis import strategies as st

    @seed(tally.seed)
    @settings(
        max_examples=cases,
        database=None,
        deadline=None,
        phases=[Phase.generate],  # findings are kept and counted as they come; nothing is raised
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.sampled_from(reader.seeds), st.integers(0, 2**32 - 1), st.integers(0, 4), st.binary(max_size=64)
    )
    def one(start: bytes, state: int, changes: int, own: bytes) -> None:
        rng, case = Random(state), start
        for _ in range(changes):
            case = reader.mutate(case, rng)
        if not changes:
            place = state % (len(case) + 1)
            case = case[:place] + own + case[place + len(own) :]
        tally.add(case, check(case))
        if tally.cases % REPORTED == 0:
            report(tally)

    one()
    report(tally)


def run_atheris(reader: Reader, check: Check, tally: Tally, cases: int, report: Report) -> None:
    """LibFuzzer's own loop, which ends the process; half of its changes are the reader's own mutations."""
    import atheris  # type: ignore[import-untyped,import-not-found,unused-ignore]

    def one(data: bytes) -> None:
        tally.add(data, check(data))
        if tally.cases % REPORTED == 0 or tally.cases >= cases:
            report(tally)

    def other(data: bytes, most: int, state: int) -> bytes:
        rng = Random(state)
        if rng.random() < FRESH:
            data = rng.choice(reader.seeds)
        made = reader.mutate(data, rng) if rng.random() < 0.6 else atheris.Mutate(data, most)
        return bytes(made[:most])

    corpus = tally.folder / f"corpus-{reader.name}"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, start in enumerate(reader.seeds):
        (corpus / f"seed-{number}").write_bytes(start)
    words = [f"-runs={cases}", f"-seed={tally.seed}", f"-max_len={LARGEST}", "-len_control=0"]
    words += ["-rss_limit_mb=0", "-malloc_limit_mb=0", "-timeout=120", "-reload=0", "-print_final_stats=1"]
    words += [f"-artifact_prefix={tally.folder}/{reader.name}-", str(corpus)]
    atheris.Setup([sys.argv[0], *words], one, custom_mutator=other)
    atheris.Fuzz()


def instrumented() -> None:
    """From here on modules of the product are imported with counters of their branches."""
    import atheris  # type: ignore[import-untyped,import-not-found,unused-ignore]

    hook = atheris.instrument_imports(include=["smartgen"], enable_loader_override=False)
    hook.__enter__()  # for good: readers import late


def coverage(log: Path) -> str:
    """Edges and corpus of a run, as libFuzzer told them last."""
    found = re.findall(r"cov: (\d+) ft: \d+ corp: (\d+)", log.read_text(encoding="utf-8", errors="replace"))
    return f"{found[-1][0]} edges, corpus {found[-1][1]}" if found else ""


RUN = {"mutation": run_mutation, "hypothesis": run_hypothesis, "atheris": run_atheris}
