from collections.abc import Iterator

import pytest

from tests.browser.running import Service, missing, run_script, running_service
from tests.identity.issuer import Issuer

REASON = missing()
pytestmark = pytest.mark.skipif(REASON is not None, reason=f"browser: {REASON}")


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with Issuer() as started:
        yield started


@pytest.fixture(scope="module")
def service(issuer: Issuer) -> Iterator[Service]:
    """A service whose Google is our own issuer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GOOGLE_CLIENT_ID", issuer.client_id)
        patch.setenv("FINTWIN_GOOGLE_CERTS_URL", issuer.url)
        with running_service() as started:
            yield started


@pytest.mark.slow
def test_googles_button_signs_in_under_the_strict_policy(service: Service, issuer: Issuer) -> None:
    """Script, style, frame, request and picture of Google pass, nothing else does; the session is out of scripts' reach."""
    told = run_script("google.mjs", service.url, issuer.token_url)
    assert told.splitlines() == ["signed in", "kept from scripts", "nothing slips in"]
