"""The built web app at `/`: files from memory, the first page for every address of the app, and a strict policy.

Files whose names carry their hash are kept for a year; the page itself is asked for again each time and answered with 304 while
it is the same. The build leaves compressed copies (`.br`, `.gz`) beside each file, so nothing is compressed here. A build that
comes while the service runs is noticed at the next page: `fintwin run` opens the service first and builds beside it.

>>> negotiated("gzip, deflate, br;q=0.9", {"", ".gz", ".br"})
'.br'
>>> is_page("/twin"), is_page("/assets/main.js"), is_page("/api/nothing")
(True, False, False)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from mimetypes import guess_type
from pathlib import Path
from typing import Any, Final

from litestar.types import HTTPScope, Receive, Send

from fintwin.api.origin import Hosts, Proxies
from fintwin.door_settings import LOOPBACK_NAMES

SERVICE_PATHS: Final = ("/api", "/health", "/metrics", "/internal")
_BELOW_SERVICE: Final = tuple(f"{one}/" for one in SERVICE_PATHS)
ENCODINGS: Final = {".br": "br", ".gz": "gzip"}
INDEX: Final = "/index.html"
HASHED: Final = "/assets/"
HSTS: Final = (b"strict-transport-security", b"max-age=31536000")

_POLICY: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
_GOOGLE: Final = {
    "script-src": "https://accounts.google.com/gsi/client",
    "style-src": "https://accounts.google.com/gsi/style",
    "connect-src": "https://accounts.google.com/gsi/",
    "frame-src": "https://accounts.google.com/gsi/",
    "img-src": "https://lh3.googleusercontent.com",
}
_UNKNOWN_HOST: Final = b"FinTwin does not answer to this name; FINTWIN_ALLOWED_HOSTS lists those that it has.\n"
_BUILDING: Final = b"""<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="2">
<title>FinTwin is being built</title><p>The web app is being built; this page looks again every two seconds.</p>
<p>The interface for programs answers already: <a href="/api/docs">/api/docs</a>.</p></html>
"""


def security_policy(*, google: bool) -> str:
    """The Content-Security-Policy; with Google sign-in exactly the additions that Google documents."""
    told = dict(_POLICY)
    if google:
        for name, source in _GOOGLE.items():
            told[name] = f"{told[name]} {source}" if name in told else source
    return "; ".join(f"{name} {sources}" for name, sources in told.items())


def is_page(path: str) -> bool:
    """Whether an address belongs to the app's own history and not to a file or to the service."""
    return not is_service(path) and "." not in path.rsplit("/", 1)[-1]


def is_service(path: str) -> bool:
    """Whether the HTTP interface answers here."""
    return path.startswith(_BELOW_SERVICE) or path in SERVICE_PATHS


def negotiated(accepted: str, there: set[str]) -> str:
    """Which copy of a file to send: its suffix, empty for the plain one."""
    offers = {one.split(";")[0].strip() for one in accepted.split(",") if not one.replace(" ", "").endswith(";q=0")}
    return next((suffix for suffix, name in ENCODINGS.items() if suffix in there and name in offers), "")


@dataclass(frozen=True, slots=True)
class File:
    """One file of the app with its compressed copies by suffix."""

    content_type: str
    etag: str
    copies: dict[str, bytes]


@dataclass(slots=True)
class WebApp:
    """An ASGI application that serves the folder of a build. ``folder`` need not be there yet."""

    folder: Path
    google: bool = False
    proxies: Proxies = field(default_factory=lambda: Proxies(()))
    hosts: Hosts = field(default_factory=lambda: Hosts(LOOPBACK_NAMES))
    _files: dict[str, File] = field(default_factory=dict)
    _built_at_ns: int = 0

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """One request."""
        del receive
        headers: dict[bytes, bytes] = dict(scope["headers"])
        if self.hosts.know(headers.get(b"host", b"")):
            status, told, body = self.answer(
                str(scope["method"]),
                str(scope["path"]),
                accepted=headers.get(b"accept-encoding", b"").decode("latin-1"),
                known=headers.get(b"if-none-match", b"").decode("latin-1"),
            )
        else:
            status, told, body = 400, self._headers("text/plain; charset=utf-8"), _UNKNOWN_HOST
        sent: Any = [(name.encode(), value.encode()) for name, value in told.items()]
        if self.proxies.scheme(scope, headers) == "https":
            sent.append(HSTS)
        await send({"type": "http.response.start", "status": status, "headers": sent})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    def answer(self, method: str, path: str, *, accepted: str, known: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body for a request; ``known`` is its `If-None-Match`."""
        if method not in {"GET", "HEAD"}:
            return 405, self._headers("text/plain; charset=utf-8") | {"allow": "GET, HEAD"}, b"GET only.\n"
        page = is_page(path)
        if page or path not in self._files:
            self._look()
        file = self._files.get(INDEX if page else path)
        if file is None:
            if page:
                return 503, self._headers("text/html; charset=utf-8") | {"retry-after": "2"}, _BUILDING
            return 404, self._headers("text/plain; charset=utf-8"), b"There is nothing here.\n"
        headers = self._headers(file.content_type) | {"etag": file.etag, "vary": "accept-encoding"}
        headers["cache-control"] = "public, max-age=31536000, immutable" if path.startswith(HASHED) else "no-cache"
        if file.etag in known:
            return 304, headers, b""
        suffix = negotiated(accepted, set(file.copies))
        body = file.copies[suffix]
        if suffix:
            headers["content-encoding"] = ENCODINGS[suffix]
        headers["content-length"] = str(len(body))
        return 200, headers, b"" if method == "HEAD" else body

    def _headers(self, content_type: str) -> dict[str, str]:
        return {
            "content-type": content_type,
            "cache-control": "no-store",
            "content-security-policy": security_policy(google=self.google),
            "cross-origin-opener-policy": "same-origin-allow-popups" if self.google else "same-origin",
            "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
        }

    def _look(self) -> None:
        """Reads the folder again where a new build has come; a build touches the page last of all."""
        try:
            built_at_ns = (self.folder / INDEX[1:]).stat().st_mtime_ns
        except OSError:
            return
        if built_at_ns != self._built_at_ns:
            self._files = dict(_read(self.folder))
            self._built_at_ns = built_at_ns


def _read(folder: Path) -> list[tuple[str, File]]:
    found = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.suffix in ENCODINGS:
            continue
        copies = {"": path.read_bytes()}
        for suffix in ENCODINGS:
            copy = path.with_name(path.name + suffix)
            if copy.is_file():
                copies[suffix] = copy.read_bytes()
        kind = guess_type(path.name)[0] or "application/octet-stream"
        if kind.startswith("text/") or kind.endswith(("javascript", "json")):
            kind += "; charset=utf-8"
        etag = f'"{sha256(copies[""]).hexdigest()[:20]}"'
        found.append((f"/{path.relative_to(folder).as_posix()}", File(kind, etag, copies)))
    return found
