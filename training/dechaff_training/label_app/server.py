"""The local web server of the label app."""

import errno
import secrets
import socket
import sys
import webbrowser

import uvicorn

from dechaff.errors import InputError
from dechaff_training.label_app.app import make_app
from dechaff_training.label_app.security import LOOPBACK
from dechaff_training.label_app.session import Session

_GRACE_SECONDS = 2


def serve(session: Session, port: int = 0, *, opens: bool = True) -> None:
    """Serve a session on the loopback address until Ctrl-C; print the URL and open a browser if `opens` is true.

    Parameters
    ----------
    session : Session
    port : int
        The port to listen on; 0 for any free port.
    opens : bool
        Whether to open a browser.

    Raises
    ------
    InputError
        If the port is taken or forbidden.
    KeyboardInterrupt
        When the server is stopped.
    """
    with _listen(port) as listener:
        port, token = listener.getsockname()[1], secrets.token_urlsafe(32)
        url = f"http://{LOOPBACK}:{port}/{token}/"
        print(url, flush=True)
        print(f"dechaff: labels are saved to {session.store.root}; stop with Ctrl-C", file=sys.stderr, flush=True)
        if opens:
            webbrowser.open(url)  # the socket queues its request until the server runs
        config = uvicorn.Config(
            make_app(session, port, token),
            log_level="error",
            access_log=False,  # it would contain the token
            server_header=False,
            proxy_headers=False,
            ws="none",
            lifespan="off",
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        uvicorn.Server(config).run(sockets=[listener])
    # Uvicorn raises its signal again, which has no effect if the shell ignores SIGINT.
    raise KeyboardInterrupt


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((LOOPBACK, port))
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        raise InputError(f"port {port} is taken or forbidden: give another --port, or omit the option") from error
