"""Destroying keys: the row, and the bytes that a deleted row leaves behind.

`erase` is what makes a person unreadable, at once. `sweep` is for whoever reads disks: Postgres keeps a deleted row's bytes in
the table's file until it is written anew, and in its write-ahead log until that is overwritten. Afterwards the wrapped key is
nowhere under the server's folder; a backup, an archive of the log or a standby has what it has.

    async with erasing(url) as eraser:
        tables = await erase(eraser, user_id)
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

import asyncpg

from fintwin.store.connect import Connection, open_connection

SMALL_TABLE_BYTES: Final = 8 * 2**20
"""A table of keys up to this size is written anew in some milliseconds, with the erasure itself."""
_REWRITE: Final = "VACUUM (FULL) vault.user_key"


class SweepRefusedError(Exception):
    """This administrator may not write a checkpoint or switch the write-ahead log."""


@asynccontextmanager
async def erasing(url: str) -> AsyncIterator[Connection]:
    """A connection of the eraser's."""
    connection = await open_connection(url, name="fintwin erase")
    try:
        yield connection
    finally:
        await connection.close()


async def erase(eraser: Connection, user_id: UUID) -> list[str]:
    """Delete the user's key and every other row that is the person's; gives the tables that had some."""
    had: list[str] = await eraser.fetchval("SELECT vault.erase($1)", user_id)
    return had


async def rewrite_small_table(eraser: Connection) -> bool:
    """Write the table of keys anew where that takes no time, so that the deleted row's bytes are gone; whether it was done."""
    if await eraser.fetchval("SELECT pg_relation_size('vault.user_key')") > SMALL_TABLE_BYTES:
        return False
    try:
        await eraser.execute("SET lock_timeout = '2s'")
        await eraser.execute(_REWRITE)
    except (asyncpg.InsufficientPrivilegeError, asyncpg.LockNotAvailableError):
        return False
    return True


async def erased_with_key(auditor: Connection) -> list[UUID]:
    """Whom the log calls erased and whose key is there all the same."""
    return [row[0] for row in await auditor.fetch("SELECT vault.erased_with_key()")]


async def sweep(administrator_url: str) -> int:
    """Overwrite what the server's files hold of deleted keys; gives how many segments of the write-ahead log were filled.

    Raises `SweepRefusedError`.
    """
    connection = await open_connection(administrator_url, name="fintwin sweep")
    try:
        await connection.execute("SET lock_timeout = '10s'")
        await connection.execute(_REWRITE)
        # In a new segment, the first checkpoint needs none of the old ones: they are free to be written over. The second takes
        # the dropped file of the table away.
        await connection.fetchval("SELECT pg_switch_wal()")
        await connection.execute("CHECKPOINT")
        segments: int = await connection.fetchval("SELECT count(*) FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$'")
        for _ in range(segments + 1):
            # What a switch leaves of a segment is filled with zeros.
            await connection.fetchval("SELECT pg_logical_emit_message(false, 'fintwin', 'sweep')")
            await connection.fetchval("SELECT pg_switch_wal()")
        await connection.execute("CHECKPOINT")
    except asyncpg.InsufficientPrivilegeError as error:
        raise SweepRefusedError from error
    finally:
        await connection.close()
    return segments + 1
