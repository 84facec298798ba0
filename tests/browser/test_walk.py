import signal
import time
from collections.abc import Iterator

import pytest

from tests.browser.running import Service, missing, run_script, running_service, script_started

REASON = missing()
pytestmark = pytest.mark.skipif(REASON is not None, reason=f"browser: {REASON}")


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """One service for all walks; each walk makes people of its own."""
    with running_service() as started:
        yield started


def test_a_new_person_begins(service: Service) -> None:
    """Sign in, fill in the profile, deposit, see it on the dashboard, verify the history: no console error, nothing for axe."""
    told = run_script("smoke.mjs", service.url)
    assert "verified" in told


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "looks",
    [
        pytest.param(["1440-light", "390-dark"], marks=pytest.mark.slow),
        pytest.param(["1440-dark", "390-light"], marks=pytest.mark.soak),
    ],
)
def test_every_screen_at_two_widths_in_two_themes(service: Service, looks: list[str]) -> None:
    """A lived-in person sees every screen: no console error, nothing wider than the window, nothing for axe."""
    told = run_script("screens.mjs", service.url, *looks, timeout_s=550)
    assert told.count("clean") == len(looks) * 8


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("width", "theme"),
    [pytest.param(1440, "light", marks=pytest.mark.slow), pytest.param(390, "dark", marks=pytest.mark.soak)],
)
def test_a_new_person_on_every_screen(service: Service, width: int, theme: str) -> None:
    """Two ways to begin, 2,000 rows, a transfer seen live, scenarios compared, risk, a holding, notifications, FinBot, out."""
    told = run_script("journey.mjs", service.url, str(width), theme, timeout_s=280)
    done = ["planned", "imported", "arrived", "compared", "analysed", "held", "read", "asked", "dressed", "left"]
    assert told.split() == done


@pytest.mark.slow
def test_an_answer_lost_on_the_way_books_once(service: Service) -> None:
    """The deposit is booked and the connection breaks before the answer: the app asks again with the same key, one deposit."""
    assert "one deposit" in run_script("outage.mjs", service.url)


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_killed_service_leaves_one_deposit() -> None:
    """The service dies before the button is pressed and comes back later: the waiting app books once."""
    with running_service() as service:
        script = script_started("killed.mjs", service.url)
        assert script.stdout is not None
        assert script.stdout.readline() == "filled in\n"
        service.end(signal.SIGKILL)
        assert script.stdin is not None
        script.stdin.write("press\n")
        script.stdin.flush()
        assert script.stdout.readline() == "pressed\n"
        time.sleep(3)
        service.start()
        told, _ = script.communicate(timeout=90)
        assert "one deposit" in told
