"""The secrets of an embedded installation: random, made once, in one file that only its owner reads.

There are no default passwords. `secrets.json` in the data folder holds the passwords of the servers, the key that signs
tokens, the key that wraps the users' keys, the token of the internal route and the key that signs exported heads. Losing it
means losing every sealed name and note, so a folder with data and without this file is refused instead of quietly getting a
new one.

    >>> len(new_secrets().master_key_base64)
    44
"""

import base64
import os
import secrets
from pathlib import Path

import msgspec

from fintwin.embedded.refusals import EmbeddedError

FILE_NAME = "secrets.json"
LOGIN_ROLES = ("api", "twin", "projector", "publisher", "auditor", "identity", "eraser", "backup")


class Secrets(msgspec.Struct, frozen=True, kw_only=True):
    """All texts; passwords are safe inside a URL."""

    postgres_password: str
    role_passwords: dict[str, str]
    redis_password: str
    jwt_secret: str
    master_key_base64: str
    service_token: str
    signing_key_base64: str = ""


def new_secrets() -> Secrets:
    """Fresh random ones, 256 bits each."""
    return Secrets(
        postgres_password=secrets.token_urlsafe(32),
        role_passwords={role: secrets.token_urlsafe(32) for role in LOGIN_ROLES},
        redis_password=secrets.token_urlsafe(32),
        jwt_secret=secrets.token_urlsafe(48),
        master_key_base64=_new_key(),
        service_token=secrets.token_urlsafe(32),
        signing_key_base64=_new_key(),
    )


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def load_or_make(folder: Path) -> Secrets:
    """Reads the file, or makes it where there are no data yet; adds what an older file lacks."""
    path = folder / FILE_NAME
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        if (folder / "postgres").is_dir():
            msg = f"{path} is missing, and without it the data beside it cannot be opened: put it back from a backup."
            raise EmbeddedError(msg) from None
        found = new_secrets()
        _write(path, found)
        return found
    except PermissionError:
        msg = (
            f"{path} belongs to somebody else: start FinTwin as its owner, or choose another folder with FINTWIN_DATA."
        )
        raise EmbeddedError(msg) from None
    path.chmod(0o600)
    try:
        found = msgspec.json.decode(raw, type=Secrets)
    except msgspec.DecodeError as error:
        msg = f"{path} is damaged ({error}): put it back from a backup."
        raise EmbeddedError(msg) from None
    missing = [role for role in LOGIN_ROLES if role not in found.role_passwords]
    if missing or not found.signing_key_base64:
        added = found.role_passwords | {role: secrets.token_urlsafe(32) for role in missing}
        signing_key = found.signing_key_base64 or _new_key()
        found = msgspec.structs.replace(found, role_passwords=added, signing_key_base64=signing_key)
        _write(path, found)
    return found


def _write(path: Path, value: Secrets) -> None:
    """Complete or not at all: a half-written file after a power cut would lock the data up."""
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(value), indent=2))
        file.flush()
        os.fsync(file.fileno())
    beside.rename(path)
