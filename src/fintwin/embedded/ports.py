"""Ports on loopback: finding a free one, and telling whether a wanted one is taken.

>>> is_taken("127.0.0.1", free_port())
False
"""

import socket


def free_port() -> int:
    """A port that was free a moment ago. Whoever loses the race for it says so and may ask again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_taken(host: str, port: int) -> bool:
    """Whether somebody listens there. The HTTP server itself would not notice: it shares ports by design."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
        return False
