"""Login and sessions."""

from __future__ import annotations

import time

from harness.server.answers import NO_STORE, Answer, Refusal, json_answer, xml_answer
from harness.server.atom import Acl, Entry
from harness.server.call import Call
from harness.server.eai import Collection, require
from harness.server.routing import endpoint


@endpoint("auth/login", "POST", public=True)
def login(call: Call) -> Answer:
    """A session key for a user and password; with ``cookie=1`` as a cookie too (M1.8-M1.13, N1.7, N1.22)."""
    if "password" not in call.arguments or "username" not in call.arguments:
        raise Refusal(400, "WARN", "Login failed")
    user = call.instance.accounts.check(call.one("username"), call.one("password"))
    if user is None:
        raise Refusal(401, "WARN", "Login failed", code="incorrect_username_or_password")
    key = call.instance.sessions.create(user)
    user.last_login = call.instance.wall()
    if call.json:
        answer = json_answer({"sessionKey": key, "message": "", "code": ""})
    else:
        answer = xml_answer(f"  <sessionKey>{key}</sessionKey>", declaration=False)
    if call.flag("cookie"):
        secure = call.base_url.startswith("https")
        answer.headers = {**NO_STORE, "Set-Cookie": call.instance.gate.set_cookie(key, secure=secure)}
    return answer


tokens = Collection("authentication/httpauth-tokens", "httpauth-tokens", links=(), arguments=None)


@tokens.entries
def sessions(call: Call) -> list[Entry]:
    """One entry per session (N1.23)."""
    require(call, "edit_user")
    return [
        Entry(
            name=session.key,
            content={
                "authString": session.key,
                "eai:acl": None,
                "searchId": "",
                "timeAccessed": time.strftime("%a %b %e %H:%M:%S %Y", time.gmtime(session.accessed)),
                "userName": session.user,
            },
            acl=Acl(removable=True),
            links=("alternate", "list", "remove"),
        )
        for session in call.instance.sessions.all()
    ]


@endpoint("authentication/httpauth-tokens/{name}", "DELETE")
def logout(call: Call, name: str) -> Answer:
    """End a session: one's own, or, with the right to edit users, anyone's."""
    if name != call.session:
        require(call, "edit_user")
    if not call.instance.sessions.end(name):
        raise Refusal(404, "ERROR", f"Could not find object id={name}")
    return tokens.answer(call, [])
