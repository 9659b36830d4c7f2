import time

from smartgen.core.stopwatch import Stopwatch


def test_time_inside_another_measure_counts_once() -> None:
    watch = Stopwatch()
    start = time.perf_counter()
    with watch.measure("outer"):
        time.sleep(0.01)
        for _ in range(2):
            with watch.measure("inner"):
                time.sleep(0.03)
    spent = time.perf_counter() - start
    assert watch.seconds["inner"] >= 0.06
    assert 0.01 <= watch.seconds["outer"] <= spent - 0.06 + 0.002
    assert sum(watch.seconds.values()) <= spent + 0.002
