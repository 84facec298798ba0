"""Forks cold and from a snapshot, 10,000 futures of 30 years, what others notice of heavy runs, and how near forecasts come.

make bench ARGS=twin
"""

import asyncio
import datetime as dt
from statistics import median
from time import perf_counter
from uuid import UUID

from fintwin.embedded import EmbeddedServers
from fintwin.garbage import rest_garbage_collection
from fintwin.simulations.snapshots import Snapshots
from fintwin.store.connect import open_connection
from fintwin.store.twin_reading import history
from fintwin.twin import scenario as ask
from fintwin.twin.answer import Simulation, answer
from fintwin.twin.fork import Fork, replay
from fintwin.twin.outlook import Outlook
from tests.bench import twin_beside, twin_forecast, twin_monte_carlo, twin_recurring
from tests.bench.read_models import long_history
from tests.bench.report import Section, Target
from tests.bench.twin_halves import CUT, halves
from tests.projections.histories import put_into_log
from tests.twin.berka import FOLDER

EVENTS = 10_000
PAIRS = 5
NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
USER = UUID(int=7 << 90)


def measure(servers: EmbeddedServers) -> Section:
    """The chapter."""
    rest_garbage_collection()
    section = asyncio.run(_measure(servers))
    _beside(servers, section)
    if FOLDER.exists():
        _real(section)
    return section


async def _measure(servers: EmbeddedServers) -> Section:
    await put_into_log(servers.superuser_url_for("fintwin"), long_history(USER, EVENTS, 1))
    connection = await open_connection(servers.role_urls_for("fintwin")["twin"])
    reads, forks, warm = [], [], []
    try:
        await history(connection, USER)
        snapshots = Snapshots()
        fork, outlook = await snapshots.current(connection, USER, NOW)
        for _ in range(PAIRS):
            start = perf_counter()
            events, _ = await history(connection, USER)
            reads.append(perf_counter() - start)
            start = perf_counter()
            events, _ = await history(connection, USER)
            replay(USER, events, at=NOW)
            forks.append(perf_counter() - start)
            start = perf_counter()
            await snapshots.current(connection, USER, NOW)
            warm.append(perf_counter() - start)
        assert snapshots.hits == PAIRS, "every fork but the first came from the snapshot"
    finally:
        await connection.close()
    ran = {months: _seconds(fork, outlook, ask.Document(horizon_months=months)) for months in (120, 600)}
    levers = _seconds(fork, outlook, ask.Document(horizon_months=120, sensitivity=ask.Sensitivity()))
    chance = twin_monte_carlo.run()
    read, cold, hot = median(reads), median(forks), median(warm)
    return Section(
        "The twin",
        f"One user with {EVENTS:,} events, read as the twin's role. Cold: reading, decoding and folding all read models; the "
        "measure is reading and decoding alone. Futures: 10,000 paths of 360 months, baseline and scenario together, totals "
        "only; the measure is drawing the normals with NumPy.",
        head=("what", "median"),
        rows=[
            ("reading and decoding", f"{read * 1e3:.0f} ms"),
            ("cold fork", f"{cold * 1e3:.0f} ms"),
            ("fork from a snapshot", f"{hot * 1e3:.1f} ms"),
            ("baseline and scenario, 120 months, all folds", f"{ran[120] * 1e3:.0f} ms"),
            ("the same over 600 months", f"{ran[600] * 1e3:.0f} ms"),
            ("the same over 120 months with a tornado of five levers", f"{levers * 1e3:.0f} ms"),
            ("futures", f"{chance['simulate_ms']:.0f} ms"),
        ],
        targets=[
            Target("cold fork / reading and decoding", cold / read, 3, at_most=True),
            Target("fork from a snapshot / cold", hot / cold, 0.25, at_most=True),
            Target("futures / drawing the normals", chance["simulate_to_normals"], 6, at_most=True),
        ],
    )


def _seconds(fork: Fork, outlook: Outlook, document: ask.Document) -> float:
    """What a run takes, the middle of three."""
    taken = []
    for _ in range(3):
        start = perf_counter()
        answer(Simulation(fork, outlook, document))
        taken.append(perf_counter() - start)
    return median(taken)


def _beside(servers: EmbeddedServers, section: Section) -> None:
    ratio, alone, beside, begun = twin_beside.measure(servers)
    section.text += (
        f" Others: reads of {twin_beside.READERS} people over {twin_beside.CONNECTIONS} connections while somebody else has two "
        f"runs of 20,000 paths and 600 months under way all the time ({begun} were begun)."
    )
    section.rows += [
        ("reads without runs: p50, p99", f"{alone.p50_ms:.1f}, {alone.p99_ms:.1f} ms"),
        ("reads beside runs: p50, p99", f"{beside.p50_ms:.1f}, {beside.p99_ms:.1f} ms"),
    ]
    section.targets.append(Target("p99 of reads beside runs / without", ratio, 2, at_most=True))


def _real(section: Section) -> None:
    """Real accounts: everything up to a day is known, what came after is looked up."""
    ours, found, split = twin_forecast.measure(CUT), twin_recurring.measure(CUT), halves()
    section.text += (
        f" Real accounts, the last 90 days hidden: month-end balances forecast against the last balance and against the last "
        f"month once more, and standing orders found against the bank's own list. The rules were made while looking at these "
        f"accounts, so two constants (strictness {split.forecast.shipped:g}, sureness {split.recurring.shipped:g}) are chosen "
        f"again on one half of the accounts (there {split.forecast.chosen:g} and {split.recurring.chosen:g} do best) and the "
        f"other half is reported too: with that choice, and as shipped."
    )
    for name, told in (
        ("all accounts", ours),
        ("held-out half, chosen on the other", split.forecast.held_out),
        ("held-out half, as shipped", split.forecast.held_out_as_shipped),
    ):
        errors = ", ".join(
            f"{told[key]:,.0f}" for key in ("median_error", "median_error_stays", "median_error_as_last_month")
        )
        what = f"median error of {told['balances']:,.0f} balances, {name}: ours, last balance, last month; in the band"
        section.rows.append((what, f"{errors} CZK; {told['within_band']:.1%}"))
    for name, one in (
        ("all accounts", found),
        ("held-out half, chosen on the other", split.recurring.held_out),
        ("held-out half, as shipped", split.recurring.held_out_as_shipped),
    ):
        section.rows.append(
            (
                f"standing orders found, {name}: recall of {one.wanted}, precision",
                f"{one.recall:.3f}, {one.precision:.3f}",
            )
        )
    held = split.forecast.held_out
    section.targets += [
        Target("error / last balance stays, all", ours["median_error"] / ours["median_error_stays"], 1, at_most=True),
        Target(
            "error / as last month, all", ours["median_error"] / ours["median_error_as_last_month"], 1, at_most=True
        ),
        Target(
            "error / last balance stays, held out", held["median_error"] / held["median_error_stays"], 1, at_most=True
        ),
        Target("in the 10-90 band, all", ours["within_band"], 0.7),
        Target("in the 10-90 band, all", ours["within_band"], 0.9, at_most=True),
        Target("recall of standing orders, held out", split.recurring.held_out.recall, 0.98),
        Target("precision of standing orders, held out", split.recurring.held_out.precision, 0.95),
    ]
