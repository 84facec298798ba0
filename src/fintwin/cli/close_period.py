"""`fintwin close-period DATE`: nothing that counts on DATE or before is booked any more.

For the operator, once the books of a period have been checked. It cannot be undone: what is found to be wrong later is corrected
by a reversal of today. Accounts that are opened afterwards may still take their own history. An interrupted run is started again.

    $ fintwin close-period 2025-12-31
    This closes every day up to 2025-12-31 on all accounts, for good. Go on? [y/N]: y
    closed on 1,229 accounts; closed already on 0; closed accounts 3
"""

import asyncio
import os
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import rich_click as click

from fintwin.cli.servers import servers_for
from fintwin.settings import Settings, SettingsError, load

if TYPE_CHECKING:
    from fintwin.ledger.closing import PeriodClosing


@click.command("close-period")
@click.argument("day", metavar="DATE", type=click.DateTime(formats=["%Y-%m-%d"]))
@click.option("--user", type=click.UUID, help="The accounts of this user only.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def close_period(day: datetime, user: UUID | None, *, yes: bool) -> None:
    """Book nothing any more that counts on DATE (UTC) or before."""
    through = day.date()
    now = datetime.now(UTC)
    if through >= now.date():
        msg = f"Only days that are over can be closed: {through} is not."
        raise SettingsError(msg)
    whose = "all accounts" if user is None else f"the accounts of {user}"
    if not yes:
        click.confirm(f"This closes every day up to {through} on {whose}, for good. Go on?", abort=True)
    with servers_for(os.environ, lambda sentence: click.echo(sentence, err=True)) as environment:
        done = asyncio.run(_close(load(environment), through, now, user))
    click.echo(
        f"closed on {done.closed:,} accounts; closed already on {done.closed_before:,}; "
        f"closed accounts {done.accounts_closed:,}"
    )


async def _close(settings: Settings, through: date, now: datetime, user: UUID | None) -> "PeriodClosing":
    from fintwin.bootstrap import open_services
    from fintwin.ledger.closing import NotClosedError, close_period
    from fintwin.ledger.submission import LedgerBusyError, OutcomeUnknownError
    from fintwin.store.auditing import auditing

    async with open_services(settings) as services, auditing(settings.database_url("auditor")) as auditor:
        try:
            done = await close_period(services.ledger, auditor, through, now=now, user_id=user)
        except NotClosedError as error:
            raise SettingsError(str(error)) from None
        except (LedgerBusyError, OutcomeUnknownError):
            msg = "The database was lost on the way: some accounts are closed, some are not. Start the command again."
            raise SettingsError(msg) from None
    if user is not None and not any((done.closed, done.closed_before, done.accounts_closed)):
        msg = "This user has no account."
        raise SettingsError(msg)
    return done
