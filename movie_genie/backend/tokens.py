"""Tokens: given out once, recognised by their hash, so that a stolen database opens nothing."""

import hashlib
import secrets


def new_token() -> str:
    """Return 256 random bits as text that an address may hold."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return what is stored; of so many random bits a plain hash cannot be reversed by trying."""
    return hashlib.sha256(token.encode()).hexdigest()
