"""The operator's commands on accounts: what an admin's page can, and what no page may."""

import argparse
import getpass
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from movie_genie.backend.administration import LINK_DAYS, Administration
from movie_genie.backend.clock import iso
from movie_genie.backend.errors import ProblemError
from movie_genie.backend.inputs import Name, NewPassword
from movie_genie.errors import UserError

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

ACCOUNTS_A_PAGE = 1000


def add_account_commands(commands: "Commands") -> None:
    """Add the commands to a parser's others."""
    admin = commands.add_parser(
        "create-admin", help="make a new account that is an admin's; ask for its password"
    )
    admin.add_argument("name")
    whom = admin.add_mutually_exclusive_group()
    whom.add_argument("--promote", action="store_true", help="make the account that has the name an admin's")
    whom.add_argument("--if-none", action="store_true", help="do nothing where there is an admin")
    commands.add_parser("accounts", help="list the accounts")
    for name, (_, purpose) in COMMANDS.items():
        commands.add_parser(name, help=purpose).add_argument("name")


def run_account_command(administration: Administration, arguments: argparse.Namespace) -> str:
    """Do what the arguments say; return what was done.

    Raises
    ------
    UserError
        One line that says why nothing was.
    """
    if arguments.command == "accounts":
        return _listed(administration)
    name = _checked(Name, arguments.name, "name: expected 3 to 32 of a-z, 0-9, dot, dash and underscore")
    try:
        if arguments.command == "create-admin":
            return f"{name}: {_create_admin(administration, name, arguments)}"
        return f"{name}: {COMMANDS[arguments.command][0](administration, name)}"
    except ProblemError as error:
        raise UserError(error.message or str(error)) from None


def _create_admin(administration: Administration, name: str, arguments: argparse.Namespace) -> str:
    if arguments.if_none and administration.has_admin():
        return "not made, as there is an admin; nothing was changed"
    if arguments.promote:
        administration.promote(name)
        return "this account is an admin now; its password is the one it had"
    # Before a password is asked for; whoever takes the name meanwhile is refused all the same.
    if administration.has_name(name):
        raise UserError(
            f"{name}: an account has this name already, perhaps a stranger's; nothing was changed. Choose "
            "another name, or make this account an admin with --promote"
        )
    administration.create_admin(name, _new_password())
    return "a new account, and an admin"


def _set_password(administration: Administration, name: str) -> str:
    if not administration.has_name(name):
        raise UserError(f"no account has the name {name}")
    administration.set_password(name, _new_password())
    return "the password is set, and every session ended"


def _reset_link(administration: Administration, name: str) -> str:
    token, expires_at = administration.reset_link(name)
    return (
        f"open this at the app's address, once and until {iso(expires_at)}, to set a new password:\n"
        f"/reset-password#{token}"
    )


def _sign_out(administration: Administration, name: str) -> str:
    administration.sign_out_everywhere(name)
    return "every session ended"


def _revoke_admin(administration: Administration, name: str) -> str:
    administration.revoke_admin(name)
    return "an admin no more"


def _lock(administration: Administration, name: str) -> str:
    administration.lock(name)
    return "locked, and every session ended; the data stay"


def _unlock(administration: Administration, name: str) -> str:
    administration.unlock(name)
    return "may sign in again"


def _delete(administration: Administration, name: str) -> str:
    administration.delete(name)
    return "deleted with all data"


COMMANDS: dict[str, tuple[Callable[[Administration, str], str], str]] = {
    "set-password": (_set_password, "ask for an account's new password; every browser is signed out"),
    "reset-link": (
        _reset_link,
        f"make a link that sets an account's password, once and within {LINK_DAYS} day",
    ),
    "sign-out": (_sign_out, "end all of an account's sessions"),
    "revoke-admin": (_revoke_admin, "take the admin's rights from an account"),
    "lock": (_lock, "have an account sign in no more; its data stay"),
    "unlock": (_unlock, "let an account sign in again"),
    "delete-account": (_delete, "remove an account with all its data"),
}
"""By name: what is done, and what for."""


def _listed(administration: Administration) -> str:
    """A line an account."""
    lines, page = [], 1
    while True:
        found, total = administration.accounts(page, ACCOUNTS_A_PAGE)
        for account in found:
            marks = [mark for mark, has in (("admin", account.is_admin), ("locked", account.locked)) if has]
            since = iso(account.created_at)
            lines.append(
                f"{account.name}\t{since}\t{account.ratings_count} ratings\t{', '.join(marks)}".rstrip()
            )
        if page * ACCOUNTS_A_PAGE >= total:
            return "\n".join(lines) or "no account yet"
        page += 1


def _new_password() -> str:
    """Ask twice on a terminal; read a line where the input is a pipe."""
    if not sys.stdin.isatty():
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = getpass.getpass("Password of the account: ")
        if getpass.getpass("Again: ") != password:
            raise UserError("the passwords differ; nothing was changed")
    return _checked(NewPassword, password, "password: expected 10 to 200 characters")


def _checked(kind: Any, value: str, expected: str) -> str:  # Any: an annotated type
    try:
        checked: str = TypeAdapter(kind).validate_python(value)
    except ValidationError:
        raise UserError(expected) from None
    return checked
