from tests.browser.document import KEPT, document


def test_the_client_is_made_from_the_present_document() -> None:
    """`frontend/openapi.json` is what the handlers say; where it is not, `make openapi` writes it anew."""
    assert KEPT.read_text() == document(), (
        "the interface has changed: run `make openapi` and commit frontend/openapi.json"
    )
