"""What the server answers: each view reads its request, asks the session, and gives JSON."""

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
    """Give the routes of everything that the page can ask of a session."""
    return [*_article_routes(session), *_lesson_routes(session)]


def _article_routes(session: Session) -> list[Route]:

    async def list_articles(_: Request) -> Response:
        """List all articles."""
        return await _answer(lambda: {"articles": session.articles()})

    async def suggest(_: Request) -> Response:
        """Name the articles to label next."""
        return await _answer(session.suggest)

    async def open_article(request: Request) -> Response:
        """Give an article's lines and marks."""
        return await _answer(session.open, request.path_params["index"])

    async def explain(request: Request) -> Response:
        """Say why a line is labelled as it is."""
        key = request.query_params.get("key", "")
        index, line = request.path_params["index"], request.path_params["line"]
        return await _answer(session.explain, index, key, line)

    async def keep(request: Request) -> Response:
        """Keep marks as a draft."""
        return await _answer(session.keep, request.path_params["index"], *await _marks(request))

    async def forget(request: Request) -> Response:
        """Drop the draft."""
        return await _answer(session.forget, request.path_params["index"])

    async def save(request: Request) -> Response:
        """Write marks to the labels."""
        return await _answer(session.save, request.path_params["index"], *await _marks(request))

    async def add(request: Request) -> Response:
        """Take a new article."""
        given = await _fields(request, text=_TEXT, site=_TEXT, title=_TEXT, is_html=(bool,))
        return await _answer(lambda: {"index": session.add(**given)})

    return [
        Route("/articles", list_articles, methods=["GET"]),
        Route("/articles", add, methods=["POST"]),
        Route("/suggestions", suggest, methods=["GET"]),
        Route("/articles/{index:int}", open_article, methods=["GET"]),
        Route("/articles/{index:int}", save, methods=["PUT"]),
        Route("/articles/{index:int}/draft", keep, methods=["PUT"]),
        Route("/articles/{index:int}/draft", forget, methods=["DELETE"]),
        Route("/articles/{index:int}/lines/{line:int}", explain, methods=["GET"]),
    ]


def _lesson_routes(session: Session) -> list[Route]:
    async def read_lesson(_: Request) -> Response:
        """Say how far the lesson is."""
        return JSONResponse(session.teacher.state)

    async def begin_lesson(_: Request) -> Response:
        """Begin a lesson in the background."""
        return await _answer(session.teacher.begin, session.store.root)

    async def take_model(_: Request) -> Response:
        """Take the model that was taught."""
        return await _answer(session.take)

    return [
        Route("/lesson", read_lesson, methods=["GET"]),
        Route("/lesson", begin_lesson, methods=["POST"]),
        Route("/model", take_model, methods=["PUT"]),
    ]


async def refuse(_: Request, error: Exception) -> Response:
    """Answer with what went wrong."""
    if isinstance(error, ChangedError):
        record = {"error": str(error), "digest": error.digest, "can_overwrite": error.can_overwrite}
        return JSONResponse(record, 409)
    if isinstance(error, HTTPException):
        return JSONResponse({"error": error.detail}, error.status_code)
    if isinstance(error, OSError):
        return JSONResponse({"error": f"{error.filename}: {error.strerror}"}, 500)
    return JSONResponse({"error": str(error)}, 422)


#: What `refuse` answers.
REFUSED = (DechaffError, HTTPException, OSError)


async def _answer(work: Callable[..., Any], *given: Any) -> Response:
    """Work in a thread, so that a long article does not hold up other requests."""
    return JSONResponse(await run_in_threadpool(work, *given))


async def _marks(request: Request) -> list[Any]:
    """Take the text's key, the marks and the digest of the file from a request."""
    return list((await _fields(request, key=_TEXT, marks=_TEXT, digest=_DIGEST)).values())


async def _fields(request: Request, **kinds: tuple[type, ...]) -> dict[str, Any]:
    """Take fields of certain types, in that order, from a request's JSON."""
    try:
        given = await request.json()
    except (JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise HTTPException(400, "no JSON") from error
    if not isinstance(given, dict):
        raise HTTPException(400, "no JSON object")
    for name, kind in kinds.items():
        if name not in given or not isinstance(given[name], kind):
            raise HTTPException(400, f"{name!r} is missing or of another type")
    return {name: given[name] for name in kinds}
