"""Where a subscriber gets events that are not in the stream any more: from FinTwin itself, over its internal route.

refill = over_http("http://127.0.0.1:8000", token)
events = await refill(1200, 500)  # at most 500 events after position 1200
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Final

import httpx
import msgspec

from fintwin.publisher.envelope import StoredEventBody

Refill = Callable[[int, int], Awaitable[Sequence[StoredEventBody]]]
"""At most so many events after a position, oldest first. Raises `httpx.HTTPError` where trying again may help."""

_REFUSALS: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
_decode: Final = msgspec.json.Decoder(list[StoredEventBody]).decode


class RefillError(Exception):
    """Missed events cannot be had, and trying again does not help: one sentence says why."""


def over_http(url: str, token: str, *, client: httpx.AsyncClient | None = None) -> Refill:
    """Over ``GET /internal/events`` of the service at ``url``, with the service token; ``client``: one's own."""

    async def refill(after: int, limit: int) -> Sequence[StoredEventBody]:
        asked = {"after": after, "limit": limit}
        headers = {"authorization": f"Bearer {token}"}
        if client is not None:
            answer = await client.get(f"{url}/internal/events", params=asked, headers=headers)
        else:
            async with httpx.AsyncClient(timeout=30) as own:
                answer = await own.get(f"{url}/internal/events", params=asked, headers=headers)
        if answer.status_code in _REFUSALS:
            msg = (
                f"{url}/internal/events answers {answer.status_code}: is FINTWIN_SERVICE_TOKEN the service's own, "
                "and is this the service and not the gateway?"
            )
            raise RefillError(msg)
        answer.raise_for_status()
        return _decode(answer.content)

    return refill
