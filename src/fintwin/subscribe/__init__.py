"""For programs that listen to FinTwin: every event of the log, in order, from the published stream.

    subscription = Subscription(REDIS_URL, after=stored_position, refill=over_http(URL, TOKEN), group="mailer")
    async with subscription:
        async for event in subscription:
            await handle(event)  # stores its effect and event.position in one transaction

Delivery is at least once: after a crash events may come again, never fewer. Effects happen once if the handler stores the
position together with its effect and the next start begins there (docs/streams.md has a program that does). `work` adds what to
do about events that a handler cannot take.
"""

from fintwin.publisher.envelope import StoredEventBody as Event
from fintwin.subscribe.dead_letters import Inbox, release_parked, work
from fintwin.subscribe.refill import Refill, RefillError, over_http
from fintwin.subscribe.subscription import FormatError, Subscription

__all__ = [
    "Event",
    "FormatError",
    "Inbox",
    "Refill",
    "RefillError",
    "Subscription",
    "over_http",
    "release_parked",
    "work",
]
