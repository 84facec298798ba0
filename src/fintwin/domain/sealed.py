"""The text form of what is sealed: the version of sealing, then nonce and ciphertext in base64url (`store.keys`).

>>> taken_apart("s1.-_8")
('s1.', '+/8==')
"""

from __future__ import annotations


def taken_apart(sealed: str) -> tuple[str, str]:
    """The version with its dot, and the rest in plain base64, padded at least as much as decoding needs."""
    version, dot, text = sealed.partition(".")
    return version + dot, text.replace("-", "+").replace("_", "/") + "=="
