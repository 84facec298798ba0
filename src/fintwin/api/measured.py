"""What the service tells of itself to Prometheus.

Requests are counted as they end, by route and status, in plain dictionaries; everything else is asked for at the moment of the
scrape. No label holds anything of a user. Figures are those of one process: each is scraped at an address of its own, and
Prometheus adds them up.

>>> requests = Requests()
>>> requests.ended("GET", "/api/auth/me", 200, 0.004)
>>> [family.name for family in requests.collect()]
['fintwin_refusals', 'fintwin_http_request_seconds']
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from platform import python_version
from typing import TYPE_CHECKING, Final

from prometheus_client import Info, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry

import fintwin
from fintwin.api.room import Room
from fintwin.identity.limits import Limits
from fintwin.store.publishing import PublishingStatus
from fintwin.store.reading import ModelStatus

if TYPE_CHECKING:
    from fintwin.bootstrap import Services

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Requests(Collector):
    """Counts and durations of HTTP requests by method, route and status."""

    def __init__(self) -> None:
        """Nothing counted yet."""
        self._ended: dict[tuple[str, str, int], tuple[list[int], list[float]]] = {}
        self._refused: dict[tuple[str, int, str], int] = {}

    def ended(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        key = (method, route, status)
        found = self._ended.get(key)
        if found is None:
            found = self._ended[key] = ([0] * (len(SECONDS) + 1), [0.0])
        found[0][bisect_left(SECONDS, seconds)] += 1
        found[1][0] += seconds

    def refused(self, route: str, status: int, code: str) -> None:
        """Count one problem that was told; ``code`` is the stable one of the answer."""
        key = (route, status, code)
        self._refused[key] = self._refused.get(key, 0) + 1

    def collect(self) -> Iterable[Metric]:
        """For the scrape."""
        refused = CounterMetricFamily(
            "fintwin_refusals", "Problems answered, by what was wrong.", labels=("route", "status", "code")
        )
        for (route, status, code), times in self._refused.items():
            refused.add_metric((route, str(status), code), times)
        yield refused
        family = HistogramMetricFamily(
            "fintwin_http_request_seconds", "Duration of HTTP requests.", labels=("method", "route", "status")
        )
        for (method, route, status), (counts, (total,)) in self._ended.items():
            buckets, so_far = [], 0
            for edge, count in zip((*map(str, SECONDS), "+Inf"), counts, strict=True):
                so_far += count
                buckets.append((edge, so_far))
            family.add_metric((method, route, str(status)), buckets, total)
        yield family


class Parts(Collector):
    """What the writer and the pools are doing."""

    def __init__(self, services: Services) -> None:
        """``services`` are asked at each scrape."""
        self._services = services

    def collect(self) -> Iterable[Metric]:
        """For the scrape."""
        writer = self._services.writer
        yield GaugeMetricFamily("fintwin_ledger_waiting", "Commands in the queue before the log.", writer.waiting)
        tries = CounterMetricFamily("fintwin_ledger_commands", "Commands answered, by tries needed.", labels=("tries",))
        for count, commands in sorted(writer.tries.items()):
            tries.add_metric((str(count),), commands)
        yield tries
        streams = self._services.live.open_streams
        yield GaugeMetricFamily("fintwin_live_streams", "Open live streams of this process.", streams)
        size = GaugeMetricFamily("fintwin_database_connections", "Open connections.", labels=("role", "state"))
        for role, pool in self._services.pools.items():
            size.add_metric((role, "idle"), pool.get_idle_size())
            size.add_metric((role, "busy"), pool.get_size() - pool.get_idle_size())
        yield size


class Places(Collector):
    """What happens at the door."""

    def __init__(self, room: Room, limits: Limits) -> None:
        """Both are asked at each scrape."""
        self._room = room
        self._limits = limits

    def collect(self) -> Iterable[Metric]:
        """For the scrape."""
        yield GaugeMetricFamily("fintwin_http_running", "Requests that are worked on.", self._room.taken)
        yield GaugeMetricFamily("fintwin_http_waiting", "Requests that wait for a place.", self._room.waiting)
        yield GaugeMetricFamily(
            "fintwin_limits_shared", "1 while limits count together with other processes.", float(self._limits.shared)
        )


class Models(Collector):
    """How far the read models are; `found` is what the database told just before the scrape."""

    def __init__(self) -> None:
        """Nothing told yet."""
        self.found: Sequence[ModelStatus] = ()
        self.reachable = False
        self.published: PublishingStatus | None = None

    def collect(self) -> Iterable[Metric]:
        """For the scrape."""
        yield GaugeMetricFamily("fintwin_database_up", "1 while the database answers.", float(self.reachable))
        # Without a read model that stands still its position and what it lacks add up to where the log ends.
        end = max((one.position + one.lag for one in self.found), default=0)
        yield GaugeMetricFamily("fintwin_log_position", "Events in the log.", end)
        for name, meaning, told in _MODEL_FIGURES:
            family = GaugeMetricFamily(f"fintwin_read_model_{name}", meaning, labels=("model",))
            for one in self.found:
                family.add_metric((one.model,), told(one))
            yield family
        if self.published is not None:
            yield GaugeMetricFamily("fintwin_publisher_lag", "Events that the stream lacks.", self.published.lag)
            yield GaugeMetricFamily("fintwin_publisher_lag_seconds", "For how long at most.", self.published.lag_s)
            yield GaugeMetricFamily("fintwin_publisher_position", "Last event in the stream.", self.published.position)
            healthy = float(self.published.healthy)
            yield GaugeMetricFamily("fintwin_publisher_healthy", "1 while it goes on, 0 where it does not.", healthy)


_MODEL_FIGURES: Final[tuple[tuple[str, str, Callable[[ModelStatus], float]], ...]] = (
    ("lag", "Events that the read model lacks.", lambda one: one.lag),
    ("lag_seconds", "For how long at most it has lacked them.", lambda one: one.lag_s),
    ("idle_seconds", "Time since it advanced.", lambda one: one.idle_s),
    ("healthy", "1 while it goes on, 0 where it does not.", lambda one: float(one.healthy)),
)


def registry(services: Services, requests: Requests, models: Models) -> CollectorRegistry:
    """A registry of its own for one application."""
    made = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=made)
    build = Info("fintwin_build", "What is running.", registry=made)
    build.info({"version": fintwin.__version__, "python": python_version()})
    made.register(requests)
    made.register(Parts(services))
    made.register(models)
    return made
