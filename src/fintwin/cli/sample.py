"""`fintwin sample`: a made-up user with two years of history, to look at or to measure with.

The same seed makes the same life, for the day it is made on. The user is marked as a sample for good. Prints the user's id.

    $ fintwin sample --seed 7 --currency EUR
    0198c0de-0000-7000-8000-00000000002a
"""

import asyncio
import os
from datetime import UTC, datetime
from uuid import UUID

import rich_click as click

from fintwin.cli.servers import servers_for
from fintwin.settings import Settings, SettingsError, load


@click.command()
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Which life.")
@click.option("--currency", default="EUR", show_default=True, help="ISO 4217.")
@click.option("--user", type=click.UUID, help="A registered user without a profile, instead of a new one.")
def sample(seed: int, currency: str, user: UUID | None) -> None:
    """Make a user with two years of made-up history."""
    with servers_for(os.environ, lambda sentence: click.echo(sentence, err=True), new=True) as environment:
        user_id, movements = asyncio.run(_sample(load(environment), seed, currency.upper(), user))
    click.echo(f"{movements:,} movements", err=True)
    click.echo(str(user_id))


async def _sample(settings: Settings, seed: int, currency: str, user: UUID | None) -> tuple[UUID, int]:
    from fintwin.bootstrap import open_services
    from fintwin.domain.money import is_currency
    from fintwin.ledger.sample import lived_in
    from fintwin.ledger.sample.booking import SampleRefusedError
    from fintwin.store.keys import KeyDestroyedError

    if not is_currency(currency):
        msg = f"{currency!r} is not a currency of ISO 4217."
        raise SettingsError(msg)
    async with open_services(settings) as services:
        user_id = user or await services.identity.enter("demo", None, full_name="Sample person", sample=True)
        today = datetime.now(UTC).date()
        try:
            return user_id, await lived_in(services.ledger, user_id, seed=seed, today=today, currency=currency)
        except KeyDestroyedError:
            msg = "There is no such user."
            raise SettingsError(msg) from None
        except SampleRefusedError as error:
            raise SettingsError(str(error)) from None
