"""The HTTP API of the label app: each route parses its request, calls the session, and returns JSON."""

from collections.abc import Callable, Mapping, Sequence
from json import JSONDecodeError
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dechaff.errors import DechaffError
from dechaff_training.label_app.session import Session
from dechaff_training.label_app.store import ChangedError

_TEXT = (str,)
#: The fields of a request with marks, and their types.
_MARKS: Final = {"key": _TEXT, "marks": _TEXT, "kinds": (list,), "digest": (str, type(None))}
_NEW_ARTICLE: Final = {"text": _TEXT, "site": _TEXT, "title": _TEXT, "is_html": (bool,)}


def api_routes(session: Session) -> list[Route]:
    """Return all routes of a session."""
    return [
        _route("GET", "/articles", lambda: {"articles": session.articles()}),
        _route("POST", "/articles", lambda **fields: {"index": session.add(**fields)}, fields=_NEW_ARTICLE),
        _route("GET", "/suggestions", session.suggest),
        _route("GET", "/articles/{index:int}", session.open),
        _route("GET", "/articles/{index:int}/lines/{line:int}", session.explain, query=("key",)),
        _route("PUT", "/articles/{index:int}", session.save, fields=_MARKS),
        _route("PUT", "/articles/{index:int}/draft", session.keep, fields=_MARKS),
        _route("DELETE", "/articles/{index:int}/draft", session.forget),
        _route("GET", "/fine-tuning", lambda: session.fine_tuner.state),
        _route("POST", "/fine-tuning", lambda: session.fine_tuner.begin(session.store.root)),
        _route("PUT", "/model", session.use_fine_tuned),
    ]


def _route(
    method: str,
    path: str,
    work: Callable[..., Any],
    *,
    query: Sequence[str] = (),
    fields: Mapping[str, tuple[type, ...]] | None = None,
) -> Route:
    """Return a route that calls `work` with the parameters of path and query and the fields of the JSON."""

    async def view(request: Request) -> Response:
        """Run the work in a thread, so that long articles do not delay other requests; return the result."""
        arguments = {name: request.query_params.get(name, "") for name in query} | request.path_params
        if fields is not None:
            arguments |= await _read_fields(request, fields)
        return JSONResponse(await run_in_threadpool(work, **arguments))

    return Route(path, view, methods=[method])


async def handle_error(_: Request, error: Exception) -> Response:
    """Return an error as JSON."""
    if isinstance(error, ChangedError):
        record = {"error": str(error), "digest": error.digest, "can_overwrite": error.can_overwrite}
        return JSONResponse(record, 409)
    if isinstance(error, HTTPException):
        return JSONResponse({"error": error.detail}, error.status_code)
    if isinstance(error, OSError):
        return JSONResponse({"error": f"{error.filename}: {error.strerror}"}, 500)
    return JSONResponse({"error": str(error)}, 422)


#: The errors for `handle_error`.
HANDLED_ERRORS = (DechaffError, HTTPException, OSError)


async def _read_fields(request: Request, types: Mapping[str, tuple[type, ...]]) -> dict[str, Any]:
    """Return fields of a request's JSON after checking their types."""
    try:
        record = await request.json()
    except (JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise HTTPException(400, "not valid JSON") from error
    if not isinstance(record, dict):
        raise HTTPException(400, "not a JSON object")
    for name, type_ in types.items():
        if name not in record or not isinstance(record[name], type_):
            raise HTTPException(400, f"{name!r} is missing or has the wrong type")
    return {name: record[name] for name in types}
