"""The error that a person can act on."""


class UserError(Exception):
    """One clear line: what is wrong, where, and what to do. Command lines print it and exit with 1."""
