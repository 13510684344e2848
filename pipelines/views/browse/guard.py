"""Who may talk to the browser app and what its pages may do: token, host, origin, content security policy."""

from __future__ import annotations

import secrets
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["HEADERS", "Guard"]

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; media-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "same-origin",  # a form of these pages must say where it comes from
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
"""On every answer: nothing from elsewhere is loaded, nothing inline runs, no other page may frame or read these."""


class Guard:
    """Lets requests through that know the token and come from this app's own pages.

    The address that `aig browse` prints carries the token; it is exchanged for a cookie at once, so that it does not
    stay in the address bar. Requests under a foreign host name are refused (a page elsewhere could have its own name
    point here), and so is anything but reading that another page sends.
    """

    def __init__(self, app: ASGIApp, *, token: str, hosts: frozenset[str], cookie: str) -> None:
        self.app = app
        self.token = token
        self.hosts = hosts
        self.cookie = cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles a request as ASGI asks."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store")
            await send(message)

        await (self._refusal(scope) or self.app)(scope, receive, guarded)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        """What is answered instead of the app, `None` where the app may answer."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if host.lower() not in self.hosts:
            return PlainTextResponse("This address is not served under that name.\n", 421)
        query = QueryParams(scope["query_string"])
        if self._is_token(query.get("token", "")):
            rest = urlencode([(name, value) for name, value in query.multi_items() if name != "token"])
            response = RedirectResponse("/" + scope["path"].lstrip("/") + (f"?{rest}" if rest else ""), 303)
            response.set_cookie(self.cookie, self.token, httponly=True, samesite="lax", path="/")
            return response
        cookies = SimpleCookie(headers.get("cookie", ""))
        if self.cookie not in cookies or not self._is_token(cookies[self.cookie].value):
            return PlainTextResponse("Open the address that `aig browse` printed: it carries the token.\n", 403)
        if scope["method"] not in ("GET", "HEAD") and headers.get("origin") != f"{scope['scheme']}://{host}":
            return PlainTextResponse("Only this app's own pages may change anything.\n", 403)
        return None

    def _is_token(self, text: str) -> bool:
        return secrets.compare_digest(text.encode("utf-8", "replace"), self.token.encode())
