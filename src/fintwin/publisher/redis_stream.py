"""One shard's stream in Redis: looked at, added to, trimmed. Commands of Redis 6.2, and nothing else, are used.

A batch goes in by a script that first compares the id at the stream's end with the one that the batch follows: so a batch is
in the stream as a whole or not at all, and a Redis that was flushed, restored or fed by somebody else in between is noticed
before anything is added to it.

    stream = RedisStream(client, "fintwin:events:0")
    end = await stream.end()
    await stream.add(end.position, [(end.position + 1, end.position, b'{"shard":0,...}')])
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec
from redis import asyncio as redis_async
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from fintwin.publisher.envelope import VERSION, position_of

Entry = tuple[int, int, bytes]
"""Position, position of the entry before, the event as JSON."""

RawEntry = tuple[bytes, dict[bytes, bytes]]
"""Id and fields, as Redis has them."""

UNREACHABLE: Final = (RedisConnectionError, RedisTimeoutError, OSError)
"""Redis is not there; whether a command under way was done is not known."""

REFUSED: Final = RedisError
"""Redis is there and answers with an error, or not at all."""

_PATIENCE_S: Final = 10.0
_ADD: Final = f"""
local last = '0-0'
local info = redis.pcall('XINFO', 'STREAM', KEYS[1])
if not info.err then
    for i = 1, #info, 2 do
        if info[i] == 'last-generated-id' then last = info[i + 1] end
    end
end
if last ~= ARGV[1] then return last end
for i = 2, #ARGV, 3 do
    redis.call('XADD', KEYS[1], ARGV[i] .. '-0', 'v', '{VERSION}', 'prev_position', ARGV[i + 1], 'event', ARGV[i + 2])
end
return 'added'
"""


class End(NamedTuple):
    """Where a stream ends: the highest id ever given, and the last entry that is still there with its event's hash."""

    position: int
    entry_position: int | None
    entry_hash: bytes | None
    length: int


class Group(NamedTuple):
    """A consumer group: everything up to ``acknowledged`` has been handled."""

    name: str
    acknowledged: int


class MovedError(Exception):
    """The stream does not end where it was left: it was flushed, or somebody else adds to it."""


class ForeignError(Exception):
    """What is under the stream's key was not published from this log; one sentence says what to do."""


class _Hash(msgspec.Struct):
    hash: str


_hash: Final = msgspec.json.Decoder(_Hash)


def open_redis(url: str) -> redis_async.Redis:
    """A client that answers in time and leaves trying again to its caller."""
    return redis_async.Redis.from_url(
        url, socket_timeout=_PATIENCE_S, socket_connect_timeout=_PATIENCE_S, retry=Retry(NoBackoff(), 0)
    )


class RedisStream:
    """See the module. Raises the errors of `UNREACHABLE` and `REFUSED`."""

    def __init__(self, client: redis_async.Redis, name: str) -> None:
        """``client`` gives bytes, not texts."""
        self.name = name
        self._client = client
        self._add = client.register_script(_ADD)

    async def end(self) -> End:
        """Where the stream ends; a stream that is not there ends at 0. Raises `ForeignError`."""
        try:
            info = await self._client.xinfo_stream(self.name)
        except ResponseError as error:
            if "no such key" in str(error):
                return End(0, None, None, 0)
            msg = f"{self.name} in Redis is no stream ({error}): delete it, or give FinTwin another Redis"
            raise ForeignError(msg) from None
        last = info["last-entry"]
        try:
            position = position_of(info["last-generated-id"])
            if last is None:
                return End(position, None, None, 0)
            found = _hash.decode(last[1][b"event"])
            return End(position, position_of(last[0]), bytes.fromhex(found.hash), info["length"])
        except (ValueError, KeyError, msgspec.MsgspecError) as error:
            msg = f"{self.name} holds entries that no FinTwin has put there ({error}): delete it, or give FinTwin another Redis"
            raise ForeignError(msg) from None

    async def first(self) -> int | None:
        """The position of the first entry, or None in an empty stream."""
        found: Any = await self._client.xrange(self.name, count=1)
        return position_of(found[0][0]) if found else None

    async def page(self, start: str, count: int) -> Sequence[RawEntry]:
        """Entries from an id on; ``(id`` begins behind it, ``-`` is the beginning."""
        found: Any = await self._client.xrange(self.name, min=start, count=count)
        return found  # type: ignore[no-any-return]

    async def add(self, after: int, entries: Sequence[Entry]) -> None:
        """Put entries in behind a position, all or none. Raises `MovedError` where the stream ends elsewhere."""
        arguments: list[Any] = [f"{after}-0"]
        for entry in entries:
            arguments += entry
        answer = await self._add(keys=[self.name], args=arguments)
        if answer != b"added":
            raise MovedError(answer.decode())

    async def groups(self) -> list[Group]:
        """The consumer groups and how far each has acknowledged."""
        try:
            found = await self._client.xinfo_groups(self.name)
        except ResponseError as error:
            if "no such key" in str(error):
                return []
            raise
        groups = []
        for one in found:
            acknowledged = int(one["last-delivered-id"].split(b"-")[0])
            if one["pending"]:
                pending = await self._client.xpending(self.name, one["name"])
                if pending["min"] is not None:
                    acknowledged = min(acknowledged, int(pending["min"].split(b"-")[0]) - 1)
            groups.append(Group(one["name"].decode(errors="replace"), acknowledged))
        return groups

    async def trim(self, up_to: int) -> int:
        """Take out entries up to a position, or somewhat fewer: whole nodes of Redis' own. Gives how many."""
        removed: int = await self._client.xtrim(self.name, minid=f"{up_to + 1}-0", approximate=True)
        return removed
