"""Manners of long commands: no complaint when the reader has had enough, and the service goes first.

`fintwin replay ... | head` ends quietly, and the servers that were started for it are stopped:

    with servers_for(os.environ, say) as environment, reader_may_leave():
        ...
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

GIVING_WAY = 10


@contextmanager
def reader_may_leave() -> Iterator[None]:
    """Ends the command with code 0 when standard output is closed at the other end."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # What Python still holds for standard output must go somewhere when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def give_way() -> None:
    """From now on this process works when nobody else needs the processor: appends come before audits."""
    os.setpriority(os.PRIO_PROCESS, 0, GIVING_WAY)
