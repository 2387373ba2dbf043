"""Acts of several people at one moment, each in a thread with connections of its own."""

from collections import Counter
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connections

from panel.lib.errors import Refused


def at_once(
    acts: Collection[Callable[[], object]], *, gone: type[Exception] | tuple[type[Exception], ...] = ()
) -> Counter[str]:
    """Do all at one moment; how often each ended as "done", with which code it was refused, or as "gone"
    for an exception of that kind. Any other exception is raised here."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], object]) -> str:
        try:
            barrier.wait(timeout=30)
            act()
        except Refused as refused:
            return refused.code
        except gone:
            return "gone"
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(len(acts)) as pool:
        return Counter(pool.map(run, acts))
