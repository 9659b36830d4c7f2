"""How many calls a process can have in flight: each takes a lock and a connection."""

from __future__ import annotations

from typing import Final

CONNECTIONS: Final = 1000  # of the openai package; a call that waited for one would count as late
EACH: Final = 2  # files of a call
SPARE: Final = 200  # files for all else: libraries, the cache in several threads, connections that close


def calls_at_once(wanted: int) -> int:
    """As many as wanted, or as the limit of open files (``ulimit -n``) has room for; one at least."""
    wanted = min(wanted, CONNECTIONS)
    try:
        import resource
    except ImportError:  # a system without such a limit
        return wanted
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return wanted if limit == resource.RLIM_INFINITY else max(1, min(wanted, (limit - SPARE) // EACH))
