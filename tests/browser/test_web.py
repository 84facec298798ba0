import gzip
import os
from pathlib import Path

import pytest

from fintwin.api.web import WebApp, security_policy


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """The folder of a build."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "main-1a2b.js").write_text("go()")
    (tmp_path / "assets" / "main-1a2b.js.gz").write_bytes(gzip.compress(b"go()"))
    (tmp_path / "index.html").write_text("<!doctype html><title>FinTwin</title>")
    return tmp_path


def ask(app: WebApp, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """A GET request."""
    return app.answer("GET", path, accepted=headers.get("accepted", ""), known=headers.get("known", ""))


@pytest.mark.parametrize("path", ["/", "/dashboard", "/twin", "/no/such/screen"])
def test_every_address_of_the_app_is_the_page(built: Path, path: str) -> None:
    """A reload works on every screen: the page comes, and the app finds its way."""
    status, headers, body = ask(WebApp(built), path)
    assert (status, body) == (200, b"<!doctype html><title>FinTwin</title>")
    assert headers["cache-control"] == "no-cache"


def test_a_missing_file_is_not_the_page(built: Path) -> None:
    """A script that is gone is 404; the page in its place would only confuse the browser."""
    assert ask(WebApp(built), "/assets/gone-9f.js")[0] == 404


def test_hashed_files_are_kept_and_compressed(built: Path) -> None:
    """A file with a hash in its name is kept for a year and comes as the copy that the browser takes."""
    status, headers, body = ask(WebApp(built), "/assets/main-1a2b.js", accepted="gzip, br")
    assert (status, headers["content-encoding"], gzip.decompress(body)) == (200, "gzip", b"go()")
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert headers["content-type"] == "text/javascript; charset=utf-8"


def test_an_unchanged_page_is_not_sent_again(built: Path) -> None:
    """What the browser has is confirmed with 304."""
    app = WebApp(built)
    etag = ask(app, "/")[1]["etag"]
    assert ask(app, "/", known=etag)[0] == 304


def test_a_build_that_comes_later_is_found(tmp_path: Path) -> None:
    """Before the build there is a sentence and 503; after it the page, without a restart; after the next one, the new page."""
    app = WebApp(tmp_path)
    assert ask(app, "/dashboard")[0] == 503
    page = tmp_path / "index.html"
    page.write_text("first")
    assert ask(app, "/")[2] == b"first"
    page.write_text("second")
    os.utime(page, ns=(1, 2))
    assert ask(app, "/")[2] == b"second"


def test_nothing_can_be_sent_here(built: Path) -> None:
    """The app's addresses take no writes."""
    assert WebApp(built).answer("POST", "/dashboard", accepted="", known="")[0] == 405


def test_no_file_outside_the_build_is_served(built: Path) -> None:
    """Only what was read from the folder is there, whatever the path says."""
    (built.parent / "secret.txt").write_text("x")
    assert ask(WebApp(built), "/../secret.txt")[0] == 404


def test_the_policy_allows_nothing_inline() -> None:
    """Without Google nothing but the own origin, with Google exactly its documented addresses; never inline or eval."""
    plain, google = security_policy(google=False), security_policy(google=True)
    assert "unsafe" not in plain + google
    assert "http" not in plain
    assert plain.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    added = {word for word in google.split() if word.startswith("https://")}
    assert {word.rstrip(";") for word in added} == {
        "https://accounts.google.com/gsi/client",
        "https://accounts.google.com/gsi/style",
        "https://accounts.google.com/gsi/",
        "https://lh3.googleusercontent.com",
    }
