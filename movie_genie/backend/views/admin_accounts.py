"""For admins: who has an account, and what can be done about it. Names travel in bodies, which no log holds."""

import structlog
from apiflask import APIBlueprint
from flask import Response

from movie_genie.backend.clock import iso
from movie_genie.backend.inputs import AccountIn, AccountsIn
from movie_genie.backend.outputs import Account, AccountList, ResetLink
from movie_genie.backend.services import services
from movie_genie.backend.session import current_viewer, requires

admin_accounts = APIBlueprint("admin_accounts", __name__, tag="Admin")

_log = structlog.get_logger("admin")

NOBODY = {404: "No account has this name"}


@admin_accounts.get("/admin/accounts")
@requires("admin")
@admin_accounts.input(AccountsIn, location="query")
@admin_accounts.output(AccountList)
def listed(query_data: AccountsIn) -> AccountList:
    """List the accounts by name; guests have none."""
    page, per_page = query_data.page, query_data.per_page
    found, total = services().administration.accounts(page, per_page, query_data.name)
    items = [
        Account(
            name=account.name,
            is_admin=account.is_admin,
            locked=account.locked,
            created_at=iso(account.created_at),
            ratings_count=account.ratings_count,
        )
        for account in found
    ]
    return AccountList(items=items, page=page, per_page=per_page, total=total)


@admin_accounts.post("/admin/accounts/lock")
@requires("admin")
@admin_accounts.input(AccountIn)
@admin_accounts.doc(responses={204: "Locked", **NOBODY})
def lock(json_data: AccountIn) -> Response:
    """Have an account sign in no more, and end its sessions; its data stay. The last admin is refused (409)."""
    services().administration.lock(json_data.name)
    return _done("lock", json_data.name)


@admin_accounts.post("/admin/accounts/unlock")
@requires("admin")
@admin_accounts.input(AccountIn)
@admin_accounts.doc(responses={204: "Unlocked", **NOBODY})
def unlock(json_data: AccountIn) -> Response:
    """Let an account sign in again."""
    services().administration.unlock(json_data.name)
    return _done("unlock", json_data.name)


@admin_accounts.post("/admin/accounts/revoke-admin")
@requires("admin")
@admin_accounts.input(AccountIn)
@admin_accounts.doc(responses={204: "An admin no more", **NOBODY})
def revoke_admin(json_data: AccountIn) -> Response:
    """Take the admin's rights from an account. The last admin is refused (409)."""
    services().administration.revoke_admin(json_data.name)
    return _done("revoke admin", json_data.name)


@admin_accounts.post("/admin/accounts/reset-link")
@requires("admin")
@admin_accounts.input(AccountIn)
@admin_accounts.output(ResetLink, status_code=201)
@admin_accounts.doc(responses=NOBODY)
def reset_link(json_data: AccountIn) -> ResetLink:
    """Make a link that sets an account's password once; the one before opens nothing any more."""
    token, expires_at = services().administration.reset_link(json_data.name)
    _done("make a reset link", json_data.name)
    return ResetLink(token=token, expires_at=iso(expires_at))


@admin_accounts.delete("/admin/accounts")
@requires("admin")
@admin_accounts.input(AccountIn)
@admin_accounts.doc(responses={204: "Deleted", **NOBODY})
def remove(json_data: AccountIn) -> Response:
    """Delete an account with all its data. The last admin is refused (409)."""
    services().administration.delete(json_data.name)
    return _done("delete", json_data.name)


def _done(action: str, account: str) -> Response:
    _log.warning("admin action", action=action, account=account, name=current_viewer().name)
    return Response(status=204)
