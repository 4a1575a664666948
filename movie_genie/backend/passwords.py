"""Passwords, kept as argon2id hashes."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher()  # argon2id with the library's parameters, which follow RFC 9106's second choice


def hash_password(password: str) -> str:
    """Return what is kept of a password; it takes a while, so that guessing does too."""
    return _hasher.hash(password)


def fits(kept: str, password: str) -> bool:
    """Return whether a password is the one that a hash was made of."""
    try:
        return _hasher.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False
