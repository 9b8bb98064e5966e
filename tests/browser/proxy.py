"""A proxy that serves a server below a path of its own, as many people have it."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

OF_A_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive", "date", "server"}


@contextmanager
def below_a_path(url: str, prefix: str) -> Iterator[str]:
    """The address of ``url`` behind the proxy, which knows nothing beside ``prefix``."""
    target = urlsplit(url)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not self.path.startswith(f"{prefix}/"):
                return self.send_error(404)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            with closing(http.client.HTTPConnection(target.hostname or "", target.port)) as connection:
                connection.request(self.command, self.path.removeprefix(prefix), body or None, dict(self.headers))
                open_sockets.append(connection.sock)
                with connection.getresponse() as answer:
                    self.relay(answer)
            return None

        do_POST = do_PUT = do_DELETE = do_HEAD = do_GET

        def relay(self, answer: http.client.HTTPResponse) -> None:
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in OF_A_HOP:
                    self.send_header(name, value)
            self.end_headers()
            with suppress(OSError):  # the page has left
                while piece := answer.read1(65536):
                    self.wfile.write(piece)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    open_sockets: list[socket.socket] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False  # so that closing waits for them
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{prefix}"
    finally:
        server.shutdown()
        for open_socket in open_sockets:  # a stream of events has no end of its own
            with suppress(OSError):
                open_socket.shutdown(socket.SHUT_RDWR)
        server.server_close()
        thread.join()
