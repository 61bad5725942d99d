"""The application: the page's files and its API behind the guard, all below a path that begins with the token."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.responses import FileResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from dechaff_training.label_app.security import Guard
from dechaff_training.label_app.session import Session
from dechaff_training.label_app.sources import LARGEST
from dechaff_training.label_app.views import REFUSED, api_routes, refuse

_STATIC = Path(__file__).parent / "static"


def make_app(session: Session, port: int, token: str) -> Guard:
    """Make the ASGI application of a session.

    Parameters
    ----------
    session : Session
    port : int
        Where it will be served, which requests have to name.
    token : str
        What requests have to know.
    """

    async def index(_: object) -> FileResponse:
        """Send the page itself."""
        return FileResponse(_STATIC / "index.html")

    rooms = [
        Route("/", index),
        Mount("/api", routes=api_routes(session)),
        Mount("/static", StaticFiles(directory=_STATIC)),
    ]
    app = Starlette(
        routes=[Mount(f"/{token}", routes=rooms)],
        exception_handlers=dict.fromkeys(REFUSED, refuse),
        max_body_size=LARGEST,
    )
    return Guard(app, port, token)
