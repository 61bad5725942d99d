"""Access control for the labelling page.

Requests are accepted only from a browser that runs on this machine and has the token, and not from other sites that
are open in that browser:

- Host must be the loopback address with this port, as protection against DNS rebinding.
- Origin, if sent, must be that address; requests that change anything must send an Origin.
- Every path starts with the token. The API also requires it as a header, which forms, links and images of other
  sites cannot send. There are no cookies, and no other origin is allowed (CORS).
"""

import hmac
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK: Final = "127.0.0.1"
TOKEN_HEADER: Final = "X-Dechaff-Token"  # noqa: S105  a header's name
_READING: Final = ("GET", "HEAD")
_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        *(f"{kind}-src 'self'" for kind in ("script", "style", "img", "connect")),
        *(f"{name} 'none'" for name in ("base-uri", "form-action", "frame-ancestors")),
        "require-trusted-types-for 'script'",
    )
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class AccessControl:
    """ASGI middleware that rejects foreign requests and adds security headers to all responses.

    Parameters
    ----------
    app : ASGI application
        The application to protect; its paths start with the token.
    port : int
    token : str
    """

    def __init__(self, app: ASGIApp, port: int, token: str) -> None:
        self._app, self._token = app, token
        # Starlette's TrustedHostMiddleware ignores the port, which distinguishes servers on this machine.
        self._hosts = [name if port == 80 else f"{name}:{port}" for name in (LOOPBACK, "localhost")]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or reject it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            """Send a message of the response, with the security headers."""
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        problem = self._problem(scope["method"], scope["path"], Headers(scope=scope))
        app = JSONResponse({"error": problem}, 403) if problem else self._app
        await app(scope, receive, send_with_headers)

    def _problem(self, method: str, path: str, headers: Headers) -> str | None:
        """Return the reason for rejecting a request; None if it is allowed."""
        host, origin = headers.get("host", ""), headers.get("origin")
        if headers.getlist("host") != [host] or host not in self._hosts:
            return "wrong Host: use the address that 'dechaff label' printed"
        if origin is None and method not in _READING:
            return "no Origin header: only the label app may make changes"
        if origin is not None and origin != f"http://{host}":
            return "requests from other sites are not allowed"
        _, token, part, *_ = (*path.split("/"), "", "")
        if not self._is_token(token) or (part == "api" and not self._is_token(headers.get(TOKEN_HEADER, ""))):
            return "the token is wrong or missing: open the address that 'dechaff label' printed"
        return None

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self._token.encode())
