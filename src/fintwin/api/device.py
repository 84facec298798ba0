"""By what a person recognises one of their sign-ins: the browser and the system, as far as the browser tells.

>>> device("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
'Firefox on Linux'
>>> device("curl/8.5.0"), device("")
('curl', None)
"""

from __future__ import annotations

import re
from typing import Final

# In this order: a browser names those that it wants to be taken for as well.
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
_PROGRAM: Final = re.compile(r"[A-Za-z][A-Za-z0-9 ._-]{0,39}")


def device(user_agent: str) -> str | None:
    """A few words, or None. Nothing else of the header is kept: as a whole it tells people apart."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), None)
    if browser is not None:
        system = next((name for mark, name in _SYSTEMS if mark in user_agent), None)
        return browser if system is None else f"{browser} on {system}"
    program = _PROGRAM.match(user_agent.partition("/")[0])
    return None if program is None else program[0]
