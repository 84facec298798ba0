"""Manners of long commands: no complaint when the reader has had enough, half a file is never left, the service goes first.

`fintwin replay ... | head` ends quietly, and the servers that were started for it are stopped:

    with servers_for(os.environ, say) as environment, reader_may_leave():
        ...

    with written(Path("books.journal")) as file:  # there, and whole, once the block has ended well
        file.write(b"...")
"""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from fintwin.settings import SettingsError

GIVING_WAY = 10
_UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


@contextmanager
def reader_may_leave(code: int = 0) -> Iterator[None]:
    """Ends the command with ``code`` when standard output is closed at the other end."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_output()
        sys.exit(code)
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        _forget_output()
        raise _unwritable("Standard output", error) from None


@contextmanager
def written(output: Path) -> Iterator[BinaryIO]:
    """The file to write; `-` is standard output. Complete or not at all: half a file must not be taken for the books.

    A device or a pipe is written as it is: a file put in its place would take it from everybody.
    """
    if str(output) == "-":
        yield sys.stdout.buffer
        return
    plain = output.is_file() or not output.exists()
    target = output.resolve() if plain else output
    beside = target.with_name(f"{target.name}.part") if plain else target
    try:
        file = beside.open("wb")
    except OSError as error:
        raise _unwritable(str(output), error) from None
    try:
        with file:
            yield file
        if plain:
            beside.replace(target)
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        raise _unwritable(str(output), error) from None
    finally:
        if plain:
            beside.unlink(missing_ok=True)


def give_way() -> None:
    """From now on this process works when nobody else needs the processor: appends come before audits."""
    os.setpriority(os.PRIO_PROCESS, 0, GIVING_WAY)


def _forget_output() -> None:
    # What Python still holds for standard output must go somewhere when it ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _unwritable(name: str, error: OSError) -> SettingsError:
    return SettingsError(f"{name} cannot be written: {error.strerror}.")
