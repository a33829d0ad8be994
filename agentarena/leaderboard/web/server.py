"""Running the application with uvicorn."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable

from agentarena.core.errors import MissingExtra, UsageError

from .app import create_app
from .guard import own_names

__all__ = ["serve"]


def serve(
    home: str | os.PathLike[str] | None = None,
    store: str | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    submit: bool = False,
    play: bool = True,
    ready: Callable[[str], object] = print,
) -> None:
    """Serve the boards until interrupted.

    Args:
        home: Folder of the boards.
        store: Address of the index; by default the one in `home`.
        host: Address to listen at.
        port: Port; 0 for any that is free.
        submit: Whether agents may be submitted through a form.
        play: Whether people may play games of one seat.
        ready: Called with the address once it is listened at.

    Raises:
        MissingExtra: uvicorn or Starlette is not installed.
        UsageError: The address is taken or is none of this machine; the index cannot be used.
    """
    try:
        import uvicorn
    except ImportError as error:
        raise MissingExtra("uvicorn", "serve") from error
    with contextlib.closing(_listener(host, port)) as listener:
        app = create_app(home, store, submit=submit, play=play, hosts=own_names(host))
        url_host = f"[{host}]" if ":" in host else host
        ready(f"http://{url_host}:{listener.getsockname()[1]}/")
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            ws="none",
            limit_concurrency=100,
            timeout_keep_alive=10,
            timeout_graceful_shutdown=2,
            h11_max_incomplete_event_size=32_768,
            http="h11",
        )
        with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C is how a server ends
            uvicorn.Server(config).run(sockets=[listener])


def _listener(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(100)  # from here on clients are queued, though nobody answers yet
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise UsageError(f"cannot listen at {host}, port {port}: {error.strerror or error}; give another --port or --host") from None
    return listener
