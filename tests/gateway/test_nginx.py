"""nginx runs the shipped configuration, unprivileged, in front of two real processes of the service."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fintwin.api.web import WebApp
from tests.api.people import PROFILE
from tests.cli.processes import free_port, wait_until
from tests.conftest import Database, reachable_folder
from tests.gateway.conftest import Site
from tests.support.gateway import gateway, lay_out, nginx
from tests.support.parts import Parts


@pytest.fixture
def client(site: Site) -> Iterator[httpx.Client]:
    """Somebody outside."""
    with httpx.Client(base_url=site.url, timeout=30) as made:
        yield made


def signed_in(client: httpx.Client) -> str:
    """A new person with a profile; their id. The client keeps the token."""
    entered = client.post("/api/auth/demo", json={}).json()
    client.headers["authorization"] = f"Bearer {entered['ft_token']}"
    assert client.put("/api/auth/profile", json=PROFILE).status_code == 200
    return str(entered["user"]["id"])


def raw(url: str, request: bytes) -> bytes:
    """The answer to bytes that a well-behaved client would not send."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(request)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return answer


def test_payments_pass_and_reads_see_them_from_either_process(client: httpx.Client) -> None:
    """Twenty deposits in a row, each seen by the very next read, whichever process answers."""
    signed_in(client)
    processes = set()
    for number in range(1, 21):
        made = client.post("/api/transactions/", json={"type": "deposit", "amount": 1})
        assert made.status_code == 201
        listed = client.get("/api/transactions/")
        assert len(listed.json()) == number
        processes |= {answer.headers["x-request-id"].split("-")[0] for answer in (made, listed)}
    assert len(processes) == 2


@pytest.mark.parametrize(
    "path",
    [
        "/metrics", "/metrics/", "/health/live", "/health/ready", "/internal/noop", "/internal/events", "//metrics",
        "/api/../metrics",
        "/api/%2e%2e/metrics", "/api/..%2fmetrics", "/%6detrics", "/./health/live", "/api//../internal/events", "/metrics?a=b",
    ],
)  # fmt: skip
def test_what_is_for_operators_is_not_there(site: Site, path: str) -> None:
    """404 as a problem, however the address is written; the processes themselves answer it."""
    answer = raw(site.url, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b" 404 " in head.splitlines()[0], answer
    assert b"fintwin_" not in body
    assert b"alive" not in body
    assert httpx.get(f"{site.apis[0].url}/metrics").status_code == 200


def test_a_problem_of_the_gateway_looks_like_every_other(client: httpx.Client) -> None:
    """The fields of the contract, `detail` a sentence, the right type, an id."""
    told = client.get("/metrics")
    assert told.headers["content-type"] == "application/problem+json"
    assert set(told.json()) == set(client.get("/api/there-is-nothing").json())
    assert isinstance(told.json()["detail"], str)
    assert told.json()["request_id"] == told.headers["x-request-id"]


@pytest.mark.parametrize(
    ("path", "limit_bytes"),
    [
        ("/api/transactions/", 64 * 1024),
        ("/api/risk/analyze", 1024 * 1024),
        ("/api/transactions/batch", 4 * 1024 * 1024),
        ("/api/import", 4 * 1024 * 1024),
    ],
)
def test_bodies_have_the_sizes_of_the_contract(client: httpx.Client, path: str, limit_bytes: int) -> None:
    """A body of the limit reaches the service, a larger one is refused with 413 as a problem."""
    signed_in(client)
    fits = client.post(path, content=b" " * limit_bytes)
    assert fits.status_code in {400, 422}, fits.text
    larger = client.post(path, content=b" " * (limit_bytes + 1))
    assert larger.status_code == 413
    assert larger.json()["code"] == "body_too_large"


def test_the_web_app_is_served_with_the_headers_of_the_service(site: Site, client: httpx.Client) -> None:
    """Page, files and addresses of the app's own history; the same policy as the service's own, with Google and without."""
    page = client.get("/")
    assert page.status_code == 200
    assert client.get("/twin/anything").content == page.content
    assert client.get("/mark.svg").headers["content-type"] == "image/svg+xml"
    asset = next((site.folder / "web" / "assets").glob("*.js")).name
    script = client.get(f"/assets/{asset}")
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert client.get("/assets/none.js").status_code == 404
    assert client.get("/none.txt").status_code == 404
    assert client.post("/").status_code == 405
    assert "server" not in page.headers or page.headers["server"] == "nginx"
    service = httpx.get(f"{site.apis[0].url}/")
    for name in ("content-security-policy", "cross-origin-opener-policy", "permissions-policy", "referrer-policy"):
        assert page.headers[name] == script.headers[name] == service.headers[name], name
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "strict-transport-security" not in page.headers


def test_the_policy_with_google_is_the_services_own(site: Site) -> None:
    """The file that is mounted where a Google client is set says what the service would say."""
    status, headers, _ = WebApp(site.folder / "web", google=True).answer("GET", "/", accepted="", known="")
    assert status == 200
    text = (site.folder / "gateway" / "policy-google.conf").read_text()
    for name in ("content-security-policy", "cross-origin-opener-policy", "permissions-policy", "referrer-policy"):
        assert f'"{headers[name]}"' in text, name


def test_compressed_copies_are_sent(site: Site, client: httpx.Client) -> None:
    """Nothing is compressed on the way: the build's own copies are sent."""
    page = site.folder / "web" / "index.html"
    if not page.with_name("index.html.gz").exists():
        pytest.skip("the web app is not built (make web)")
    told = client.get("/", headers={"accept-encoding": "gzip"})
    assert told.headers["content-encoding"] == "gzip"
    assert told.content == page.read_bytes()


def test_callers_cannot_say_where_they_come_from(site: Site) -> None:
    """What a caller writes into the forwarding headers is overwritten: the service sees the real address and scheme."""
    lines = [b"X-Forwarded-For: 203.0.113.7", b"X-Forwarded-Proto: https", b"Forwarded: for=203.0.113.7;proto=https"]
    request = (
        b"GET /api/auth/config HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + b"\r\n".join(lines) + b"\r\n\r\n"
    )
    head = raw(site.url, request).partition(b"\r\n\r\n")[0].lower()
    assert b" 200 " in head
    # With https the service would add this.
    assert b"strict-transport-security" not in head


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST /api/import HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
        b"GET /api/auth/me HTTP/1.1\r\n\r\n",
        b"GET /api/auth/me HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 40_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=["two lengths", "no host", "two hosts", "large header", "TLS"],
)
def test_what_is_no_proper_request_is_refused(site: Site, request_bytes: bytes) -> None:
    """400 or a closed connection, and it never reaches the service."""
    before = sum(len(one.log.read_bytes()) for one in site.apis)
    answer = raw(site.url, request_bytes.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
    assert answer == b"" or answer.split(b" ")[1][:1] == b"4", answer[:200]
    assert sum(len(one.log.read_bytes()) for one in site.apis) == before


def test_streams_leave_at_once(site: Site) -> None:
    """The first word of a stream of events is here while the stream goes on."""
    with httpx.Client(base_url=site.url, timeout=20) as person:
        signed_in(person)
        with person.stream("GET", "/api/live") as stream:
            assert stream.status_code == 200, stream.read()
            words = stream.iter_raw()
            person_again = httpx.Client(base_url=site.url, timeout=20, headers=person.headers)
            started = time.monotonic()
            with person_again:
                assert person_again.post("/api/transactions/", json={"type": "deposit", "amount": 3}).status_code == 201
            seen = b""
            while b"transaction" not in seen and b"position" not in seen:
                seen += next(words)
            assert time.monotonic() - started < 5


@pytest.mark.slow
def test_a_process_that_ends_costs_nobody_a_read(site: Site, client: httpx.Client) -> None:
    """One of two killed: reads go to the other; both gone: a problem with 503 and Retry-After."""
    signed_in(client)
    site.apis[0].kill()
    for _ in range(10):
        assert client.get("/api/auth/me").status_code == 200
    site.apis[1].kill()
    told = client.get("/api/auth/me")
    assert told.status_code == 503
    assert told.headers["retry-after"] == "2"
    assert told.json()["code"] == "unavailable"
    assert client.get("/").status_code == 200
    for one in site.apis:
        one.start(wait=False)
    wait_until(lambda: client.get("/api/auth/me").status_code == 200, "the service behind the gateway", 15)


def test_the_gateways_own_lines_hold_nobody(site: Site, client: httpx.Client) -> None:
    """JSON lines without address, ids and questions."""
    user = signed_in(client)
    client.get(f"/api/transactions/account/{user}?q=canary-word")
    client.get(f"/api/there/{user}/canary-path")
    said = site.folder / "said"
    wait_until(lambda: said.read_text().count("/api/there") > 0, "the lines")
    text = said.read_text()
    for hidden in (user, "canary", "127.0.0.1"):
        assert hidden not in text
    lines = [json.loads(line) for line in text.splitlines()]
    assert {"place": "/api/transactions", "method": "GET", "status": 200}.items() <= lines[-2].items()


def test_the_shipped_limits_hold() -> None:
    """More than the burst from one address at once: 429 as a problem; whether one is signed in can still be asked."""
    with (
        reachable_folder() as folder,
        # Nothing answers behind it: what is limited is refused before that is found out.
        gateway(folder / "site", [f"http://127.0.0.1:{free_port()}"], shipped_limits=True) as url,
        httpx.Client(base_url=url, timeout=30) as client,
    ):
        told = [client.get("/api/auth/config") for _ in range(1_500)]
        refused = [one for one in told if one.status_code == 429]
        assert refused, "nothing was refused"
        assert told[0].status_code == 503
        assert refused[0].headers["retry-after"] == "1"
        assert refused[0].json()["code"] == "too_many_requests"
        assert client.get("/api/auth/me").status_code == 503


def test_the_block_for_tls_works(site: Site, tmp_path: Path) -> None:
    """With a certificate nginx takes the example as it is: HTTPS answers with HSTS, plain HTTP is sent there."""
    made = self_signed()
    with reachable_folder() as folder:
        place = folder / "site"
        lay_out(place, [site.apis[0].url], free_port(), shipped_limits=False)
        secure, plain = free_port(), free_port()
        example = (place / "gateway" / "tls.conf.example").read_text()
        example = example.replace("8443", f"127.0.0.1:{secure}", 1).replace("8081", f"127.0.0.1:{plain}", 1)
        example = "\n".join(line for line in example.splitlines() if "[::]" not in line)
        (place / "gateway" / "tls" / "tls.conf").write_text(example)
        for name, text in zip(("tls.crt", "tls.key"), made, strict=True):
            (place / "gateway" / "tls" / name).write_bytes(text)
        process = subprocess.Popen([nginx(), "-p", f"{place}/", "-c", "nginx.conf"], stderr=subprocess.DEVNULL)
        try:
            with httpx.Client(verify=False, timeout=10) as client:  # noqa: S501  its own certificate
                wait_until(lambda: _answers(client, secure), "TLS")
                for path in ("/", "/api/auth/config", "/metrics"):
                    told = client.get(f"https://127.0.0.1:{secure}{path}")
                    assert told.headers["strict-transport-security"] == "max-age=31536000", path
                moved = client.get(f"http://127.0.0.1:{plain}/twin?a=1")
                assert moved.status_code == 308
                assert moved.headers["location"] == "https://127.0.0.1/twin?a=1"
        finally:
            process.terminate()
            process.wait(10)


def _answers(client: httpx.Client, port: int) -> bool:
    try:
        return client.get(f"https://127.0.0.1:{port}/").status_code == 200
    except httpx.TransportError:
        return False


def self_signed() -> tuple[bytes, bytes]:
    """A certificate for 127.0.0.1 and its key."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    builder: Any = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    certificate = made.sign(key, hashes.SHA256())
    plain = serialization.NoEncryption()
    return (
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain),
    )


def test_the_service_in_front_of_nobody_is_still_itself(module_database: Database, tmp_path: Path) -> None:
    """A part that is refused its settings says one sentence and ends with code 2, as a container's log would show it."""
    with Parts(module_database, tmp_path) as parts:
        part = parts.start("projector", FINTWIN_PROJECTOR_DATABASE_URL="")
        assert part.process is not None
        assert part.process.wait(30) == 2
        assert part.log.read_text().count("\n") == 1
        assert "FINTWIN_PROJECTOR_DATABASE_URL is not set" in part.log.read_text()
