"""As many threads as a cell's key says, wherever something computes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def thread_limit(count: int) -> Iterator[None]:
    """Limit torch and the libraries below NumPy and scikit-learn while the block runs.

    With other numbers sums round otherwise, and LOF takes other neighbors. Libraries that are loaded later go
    by the environment, which the command sets.
    """
    import torch  # before scikit-learn, which then shares its threads

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        with threadpool_limits(count):
            yield
    finally:
        torch.set_num_threads(before)
