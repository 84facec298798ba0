"""The one place where the parts are wired.

`open_services` connects to the database as each role that the service needs, warms the connections, and gives one `Services`
value from which every handler and command takes what it wants. Leaving the block takes everything down in turn.

    async with open_services(load(os.environ)) as services:
        await services.ledger.move(request, movement)
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fintwin.assistant.finbot import FinBot
from fintwin.identity.admission import Admission
from fintwin.identity.erasure import Erasure
from fintwin.identity.limits import Limits
from fintwin.identity.sessions import Sessions
from fintwin.identity.tokens import Tokens
from fintwin.identity.users import Users
from fintwin.ledger.ledger import Ledger
from fintwin.ledger.writer import Writer
from fintwin.live.hub import Hub
from fintwin.settings import Settings, SettingsError
from fintwin.simulations.anomalies import AnomalyFinder
from fintwin.simulations.board import Board
from fintwin.simulations.desk import Desk
from fintwin.store.append import Batch, append, load_heads
from fintwin.store.connect import Pool, open_connection, open_pool
from fintwin.store.keys import Vault
from fintwin.store.standing import refuse_mighty
from fintwin.twin.history import parse_market
from fintwin.webhooks.hooks import Hooks

if TYPE_CHECKING:
    from fintwin.assistant.gemini import Gemini
    from fintwin.identity.google import GoogleSignIn

API_CONNECTIONS: Final = 7
"""One of them listens for what live streams tell, while there are any."""

IDENTITY_CONNECTIONS: Final = 3
"""One of them listens for revocations."""
PUBLISHER_CONNECTIONS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that a handler or a command may use; `pools` by role."""

    settings: Settings
    pools: Mapping[str, Pool]
    vault: Vault
    ledger: Ledger
    writer: Writer
    identity: Users
    sessions: Sessions
    admission: Admission
    erasure: Erasure
    limits: Limits
    google: GoogleSignIn | None
    desk: Desk
    board: Board
    anomalies: AnomalyFinder
    live: Hub
    finbot: FinBot
    hooks: Hooks


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Connects and wires. Raises the errors of `store.connect.LOST` where the database cannot be reached."""
    async with AsyncExitStack() as stack:
        api = await _pool(stack, settings, "api", API_CONNECTIONS, prepare=_warm)
        identity = await _pool(stack, settings, "identity", IDENTITY_CONNECTIONS)
        await _look_at_twin(settings)
        vault = Vault(settings.master_key)
        writer = Writer(api)
        stack.push_async_callback(writer.close)
        ledger = Ledger(writer, api, vault)
        tokens = Tokens(settings.jwt_secret, settings.jwt_secret_previous)
        admission = Admission(tokens, identity, forget=vault.forget)
        await admission.start()
        stack.push_async_callback(admission.stop)
        limits = Limits(settings.door.limits, redis_url=settings.redis_url, key=settings.master_key)
        limits.start()
        stack.push_async_callback(limits.stop)
        desk = Desk(settings.database_urls.get("twin", ""), market_text=_market_text(settings))
        stack.callback(desk.close)
        board = Board(desk, api)
        stack.push_async_callback(board.close)
        anomalies = AnomalyFinder()
        stack.callback(anomalies.close)
        live = Hub(api)
        live.start()
        stack.push_async_callback(live.stop)
        yield Services(
            settings=settings,
            pools={"api": api, "identity": identity} | await _publisher(stack, settings),
            vault=vault,
            ledger=ledger,
            writer=writer,
            identity=Users(identity=identity, api=api, vault=vault, ledger=ledger, master_key=settings.master_key),
            sessions=Sessions(tokens, admission, identity, master_key=settings.master_key),
            admission=admission,
            erasure=Erasure(ledger, api, admission, vault, settings.database_urls.get("eraser")),
            limits=limits,
            google=_google(stack, settings),
            desk=desk,
            board=board,
            anomalies=anomalies,
            live=live,
            finbot=FinBot(api, _gemini(settings)),
            hooks=Hooks(api, vault, private=settings.webhooks_private),
        )


async def _publisher(stack: AsyncExitStack, settings: Settings) -> dict[str, Pool]:
    """For the internal route, where one is open; connections are made when it is first used."""
    if settings.service_token is None or "publisher" not in settings.database_urls:
        return {}
    url = settings.database_url("publisher")
    pool = await open_pool(url, size_min=0, size_max=PUBLISHER_CONNECTIONS, name="fintwin internal")
    stack.push_async_callback(pool.close)
    return {"publisher": pool}


async def _look_at_twin(settings: Settings) -> None:
    """The twin's workers connect for themselves, later: as whom is looked at now."""
    if "twin" in settings.database_urls:
        connection = await open_connection(settings.database_url("twin"), name="fintwin twin")
        try:
            await refuse_mighty(connection, "twin")
        finally:
            await connection.close()


def _google(stack: AsyncExitStack, settings: Settings) -> GoogleSignIn | None:
    """Sign-in with Google, where a client id is set; what it needs is not loaded elsewhere."""
    if settings.google_client_id is None:
        return None
    from fintwin.identity.google import GoogleSignIn

    google = GoogleSignIn(settings.google_client_id, certificates_url=settings.door.certificates_url)
    stack.push_async_callback(google.close)
    return google


def _gemini(settings: Settings) -> Gemini | None:
    """The writer of FinBot's answers, where there is a key; what it needs is not loaded elsewhere."""
    asked = settings.gemini
    if asked is None:
        return None
    from fintwin.assistant.gemini import Gemini

    try:
        return Gemini(asked.key, model=asked.model, base_url=asked.url)
    except ImportError:
        msg = "FINTWIN_GEMINI_KEY is set, but the extra is not installed: pip install 'fintwin[gemini]'."
        raise SettingsError(msg) from None


def _market_text(settings: Settings) -> str | None:
    """The text of the operator's own market file, looked at once so that a bad one is said at the start."""
    if settings.market_data is None:
        return None
    try:
        text = settings.market_data.read_text(encoding="utf-8")
        parse_market(text, "the operator's own")
    except (OSError, ValueError) as error:
        msg = f"FINTWIN_MARKET_DATA cannot be used: {error}"
        raise SettingsError(msg) from None
    return text


async def _pool(stack: AsyncExitStack, settings: Settings, role: str, size: int, **options: Any) -> Pool:
    pool = await open_pool(settings.database_url(role), size_min=size, size_max=size, name=f"fintwin {role}", **options)
    stack.push_async_callback(pool.close)
    await refuse_mighty(pool, role)
    return pool


async def _warm(connection: Any) -> None:
    """A cold connection looks up types and plans for its first append, and would let a later slice overtake."""
    await append(connection, Batch())
    await load_heads(connection, [])
