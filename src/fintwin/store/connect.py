"""Connections to Postgres, one pool per role.

Nothing is ever set for a session: reads set the tenant inside their own one-statement transaction. So a connection goes
back to its pool as it is, without the reset that would cost a round trip of its own. An address may name several servers: the
one that takes writes is found each time a connection is made.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from socket import gaierror
from typing import Final

import asyncpg

Pool = asyncpg.Pool
Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy

PRIMARY: Final = "primary"
"""A standby would answer too, with yesterday's state and no writes."""

REFUSED = asyncpg.PostgresError
"""The server answered with an error: unless it is one of `LOST`, the statement was undone."""

LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    ConnectionError,
    TimeoutError,
    OSError,
)
"""The connection is gone: what a statement under way has done is not known."""

UNDONE = (
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.TooManyConnectionsError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InsufficientResourcesError,
)
"""The statement was certainly undone; it may be tried again later."""

_UNUSABLE = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidSchemaNameError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.TargetServerAttributeNotMatched,
    gaierror,
    ConnectionError,
    TimeoutError,
)


def is_unusable(error: Exception) -> bool:
    """Whether it says that there is no such database, or not for us, or not now: for a command that cannot go on."""
    socket_missing = isinstance(error, FileNotFoundError) and error.filename is None
    return socket_missing or isinstance(error, _UNUSABLE)


async def _keep_as_is(_connection: object) -> None:
    return


async def open_pool(
    url: str,
    *,
    size_min: int = 1,
    size_max: int = 4,
    name: str = "fintwin",
    prepare: Callable[[asyncpg.Connection], Awaitable[None]] | None = None,
) -> asyncpg.Pool:
    """A pool of connections, each made ready by ``prepare``. Raises the errors of `LOST` without a server."""
    pool: asyncpg.Pool = await asyncpg.create_pool(
        url,
        min_size=size_min,
        max_size=size_max,
        reset=_keep_as_is,
        command_timeout=30,
        timeout=10,
        max_inactive_connection_lifetime=0,
        max_cached_statement_lifetime=0,
        init=prepare,
        server_settings={"application_name": name, "jit": "off"},
        target_session_attrs=PRIMARY,
    )
    return pool


async def open_connection(url: str, *, name: str = "fintwin") -> asyncpg.Connection:
    """One connection, for a process that does one thing at a time. Raises the errors of `LOST` without a server."""
    return await asyncpg.connect(
        url,
        timeout=10,
        command_timeout=30,
        server_settings={"application_name": name, "jit": "off"},
        target_session_attrs=PRIMARY,
    )
