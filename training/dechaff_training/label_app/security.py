"""Who may ask the page's server: a browser on this machine that was told the token, and no other site in it.

- Host must name the loopback address and this port, so that a name that an attacker's DNS points here is refused.
- Origin must be that address wherever a browser sends it, and be there for whatever changes something.
- The first step of every path is the token; what reads or writes articles needs it as a header too, which no
  other site's form, link or image can send. No cookie is set, and no other site is let in (CORS).
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
        *(f"{what} 'none'" for what in ("base-uri", "form-action", "frame-ancestors")),
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


class Guard:
    """Answers for an application what is not to be answered, and tells browsers what they must not do.

    Parameters
    ----------
    app : ASGI application
        Whose paths begin with the token.
    port : int
    token : str
    """

    def __init__(self, app: ASGIApp, port: int, token: str) -> None:
        self._app, self._token = app, token
        # Starlette's TrustedHostMiddleware does not look at the port: another server on this machine has another.
        self._hosts = [name if port == 80 else f"{name}:{port}" for name in (LOOPBACK, "localhost")]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            """Send a message of the answer, with the headers that tell the browser what to refuse."""
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        problem = self._problem(scope["method"], scope["path"], Headers(scope=scope))
        answer = JSONResponse({"error": problem}, 403) if problem else self._app
        await answer(scope, receive, send_guarded)

    def _problem(self, method: str, path: str, headers: Headers) -> str | None:
        """Say why a request is refused; None if it is not."""
        host, origin = headers.get("host", ""), headers.get("origin")
        if headers.getlist("host") != [host] or host not in self._hosts:
            return "this server answers to its own address alone"
        if origin is None and method not in _READING:
            return "no Origin: only the page itself may change something"
        if origin is not None and origin != f"http://{host}":
            return "another site may not ask this server"
        _, token, room, *_ = (*path.split("/"), "", "")
        if not self._is_token(token) or (room == "api" and not self._is_token(headers.get(TOKEN_HEADER, ""))):
            return "the token is wrong or missing: open the address that 'dechaff label' printed"
        return None

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self._token.encode())
