"""One try of one delivery: a POST to an address that was looked at, with nothing of the answer used but its status.

No redirect is followed, no proxy of the environment used, no connection kept: the next one is resolved and looked at again. The
body of an answer is not read.

    async with Sender(private=False) as sender:
        outcome = await sender.send("https://example.org/hook", headers, body)    # "delivered", "http_500", "timeout", ...
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from typing import Final, Self

import httpx

import fintwin
from fintwin.webhooks.targets import TargetRefusedError, parsed, resolved

DELIVERED: Final = "delivered"
GONE: Final = "http_410"
CONNECT_S: Final = 5.0
ANSWER_S: Final = 10.0
TOTAL_S: Final = 20.0


class Sender:
    """See the module. One for all deliveries of a process."""

    def __init__(self, *, private: bool, trust: ssl.SSLContext | None = None) -> None:
        """``private`` lets in `http` and addresses that are not public; ``trust`` replaces the usual authorities."""
        self._private = private
        self._client = httpx.AsyncClient(
            verify=trust or ssl.create_default_context(),
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(ANSWER_S, connect=CONNECT_S),
            # Kept connections are found again by their numeric address alone, whatever name they were made for.
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
            headers={"user-agent": f"FinTwin/{fintwin.__version__}", "accept-encoding": "identity"},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def send(self, address: str, headers: Mapping[str, str], body: bytes) -> str:
        """What became of it, in one word; `delivered` after any status of 200 to 299."""
        try:
            async with asyncio.timeout(TOTAL_S):
                status = await self._post(address, headers, body)
        except TargetRefusedError as refused:
            return str(refused)
        except (httpx.TimeoutException, TimeoutError):
            return "timeout"
        except httpx.ConnectError as error:
            return "tls" if _is_tls(error) else "unreachable"
        except httpx.RequestError:
            return "broken_off"
        return DELIVERED if httpx.codes.is_success(status) else f"http_{status}"

    async def _post(self, address: str, headers: Mapping[str, str], body: bytes) -> int:
        url = parsed(address, private=self._private)
        pinned = url.copy_with(host=await resolved(url, private=self._private), fragment=None)
        sent = {**headers, "host": url.netloc.decode("ascii"), "connection": "close"}
        extensions = {"sni_hostname": url.raw_host.decode("ascii").strip("[]")}
        async with self._client.stream("POST", pinned, content=body, headers=sent, extensions=extensions) as response:
            return response.status_code


def _is_tls(error: BaseException | None) -> bool:
    """Whether a certificate or the handshake was at fault."""
    while error is not None:
        if isinstance(error, ssl.SSLError | ssl.CertificateError):
            return True
        error = error.__cause__ or error.__context__
    return False
