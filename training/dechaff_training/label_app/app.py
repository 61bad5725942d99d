"""The ASGI application: static files and API behind access control, below a path that starts with the token."""

from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.responses import FileResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from dechaff_training.label_app.security import AccessControl
from dechaff_training.label_app.session import Session
from dechaff_training.label_app.sources import MAX_BYTES
from dechaff_training.label_app.views import HANDLED_ERRORS, api_routes, handle_error

STATIC: Final = Path(__file__).parent / "static"


def make_app(session: Session, port: int, token: str) -> AccessControl:
    """Return the ASGI application of a session.

    Parameters
    ----------
    session : Session
    port : int
        The port of the server, for checking the Host of requests.
    token : str
        The secret of requests.
    """

    async def index(_: object) -> FileResponse:
        """Send the HTML document."""
        return FileResponse(STATIC / "index.html")

    routes = [
        Route("/", index),
        Mount("/api", routes=api_routes(session)),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    app = Starlette(
        routes=[Mount(f"/{token}", routes=routes)],
        exception_handlers=dict.fromkeys(HANDLED_ERRORS, handle_error),
        max_body_size=MAX_BYTES,
    )
    return AccessControl(app, port, token)
