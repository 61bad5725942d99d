"""The HTTP API of the label app: each view parses its request, calls the session, and returns JSON."""

from collections.abc import Callable
from json import JSONDecodeError
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dechaff.errors import DechaffError
from dechaff_training.label_app.session import Session
from dechaff_training.label_app.store import ChangedError

_TEXT, _DIGEST = (str,), (str, type(None))


def api_routes(session: Session) -> list[Route]:
    """Return all routes of a session."""
    return [*_article_routes(session), *_label_routes(session), *_fine_tuning_routes(session)]


def _article_routes(session: Session) -> list[Route]:
    async def list_articles(_: Request) -> Response:
        """List all articles."""
        return await _respond(lambda: {"articles": session.articles()})

    async def suggest(_: Request) -> Response:
        """List the articles to label next."""
        return await _respond(session.suggest)

    async def open_article(request: Request) -> Response:
        """Return an article's lines and marks."""
        return await _respond(session.open, request.path_params["index"])

    async def explain(request: Request) -> Response:
        """Return the reasons for a line's prediction."""
        key = request.query_params.get("key", "")
        index, line = request.path_params["index"], request.path_params["line"]
        return await _respond(session.explain, index, key, line)

    async def add(request: Request) -> Response:
        """Add an article."""
        fields = await _fields(request, text=_TEXT, site=_TEXT, title=_TEXT, is_html=(bool,))
        return await _respond(lambda: {"index": session.add(**fields)})

    return [
        Route("/articles", list_articles, methods=["GET"]),
        Route("/articles", add, methods=["POST"]),
        Route("/suggestions", suggest, methods=["GET"]),
        Route("/articles/{index:int}", open_article, methods=["GET"]),
        Route("/articles/{index:int}/lines/{line:int}", explain, methods=["GET"]),
    ]


def _label_routes(session: Session) -> list[Route]:
    async def save(request: Request) -> Response:
        """Save marks as labels."""
        return await _respond(session.save, request.path_params["index"], *await _marks(request))

    async def keep(request: Request) -> Response:
        """Save marks as a draft."""
        return await _respond(session.keep, request.path_params["index"], *await _marks(request))

    async def forget(request: Request) -> Response:
        """Delete the draft."""
        return await _respond(session.forget, request.path_params["index"])

    return [
        Route("/articles/{index:int}", save, methods=["PUT"]),
        Route("/articles/{index:int}/draft", keep, methods=["PUT"]),
        Route("/articles/{index:int}/draft", forget, methods=["DELETE"]),
    ]


def _fine_tuning_routes(session: Session) -> list[Route]:
    async def read_state(_: Request) -> Response:
        """Return the progress of the fine-tuning."""
        return JSONResponse(session.fine_tuner.state)

    async def begin(_: Request) -> Response:
        """Start fine-tuning in the background."""
        return await _respond(session.fine_tuner.begin, session.store.root)

    async def use_model(_: Request) -> Response:
        """Replace the model by the fine-tuned one."""
        return await _respond(session.use_fine_tuned)

    return [
        Route("/fine-tuning", read_state, methods=["GET"]),
        Route("/fine-tuning", begin, methods=["POST"]),
        Route("/model", use_model, methods=["PUT"]),
    ]


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


async def _respond(work: Callable[..., Any], *arguments: Any) -> Response:
    """Run work in a thread, so that long articles do not delay other requests; return its result as JSON."""
    return JSONResponse(await run_in_threadpool(work, *arguments))


async def _marks(request: Request) -> list[Any]:
    """Return the text's key, the marks and the file's digest from a request."""
    return list((await _fields(request, key=_TEXT, marks=_TEXT, digest=_DIGEST)).values())


async def _fields(request: Request, **types: tuple[type, ...]) -> dict[str, Any]:
    """Return fields of a request's JSON, in the given order, after checking their types."""
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
