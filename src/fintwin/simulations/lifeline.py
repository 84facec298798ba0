"""A worker's lifeline: it ends with the process that it works for, however that one ends.

A process that is killed tells its workers nothing. They would finish what they are at for nobody, and then wait for ever, each
with its memory and its connection to the database.

    hold_on_to_parent()          # first thing in a worker
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from multiprocessing.connection import wait


def hold_on_to_parent() -> None:
    """Watch the parent from a thread; when it is gone, this process is too."""
    parent = multiprocessing.parent_process()
    assert parent is not None, "a worker has a parent"
    threading.Thread(target=_end_with, args=(parent.sentinel,), name="lifeline", daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    # Nothing is left to be tidied up: a worker only reads, and nobody takes its answer any more.
    os._exit(1)
