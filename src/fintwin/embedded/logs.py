"""The servers' log files, kept small.

>>> KEEP_BYTES
10000000
"""

from pathlib import Path
from typing import IO

KEEP_BYTES = 10_000_000


def open_log(path: Path) -> IO[bytes]:
    """Opens a log for appending; one that has grown large makes room first, and the one before it goes."""
    if path.is_file() and path.stat().st_size > KEEP_BYTES:
        path.rename(path.with_suffix(".log.1"))
    file = path.open("ab")
    path.chmod(0o600)
    return file
