"""How a worker stands back where the service itself wants the processor.

Niceness alone does not do it: Linux shares the processor among sessions first (autogroup) and looks at niceness only within
one. A worker in the session of the service takes its share from the database, whose processes are in another. So it leaves for
a session of its own, and is nice as a whole. On two busy cores the 99th percentile of reads beside a busy process was about
twice that without by niceness alone, and the same as without in this way.

    stand_back(19)
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

AUTOGROUP = Path("/proc/self/autogroup")


def stand_back(niceness: int) -> None:
    """Let others go first, from 1 to 19. A worker that may not change its session or group is nice all the same."""
    with suppress(OSError):
        os.setsid()
    os.nice(niceness)
    with suppress(OSError):
        AUTOGROUP.write_text(str(niceness))
