"""Something between a program and its PostgreSQL server, that can be taken away and put back."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

import sqlalchemy as sa


class Relay:
    """A port of its own; connections to it are refused unless it is open."""

    def __init__(self, server: sa.URL) -> None:
        self._server = server
        self._holder = socket.socket()  # keeps the port from others while nothing listens
        self._holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._holder.bind(("127.0.0.1", 0))
        self.port: int = self._holder.getsockname()[1]
        self._listener: socket.socket | None = None
        self._connections: list[socket.socket] = []

    @property
    def url(self) -> sa.URL:
        return self._server.set(host="127.0.0.1", port=self.port, query={})

    def open(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port), reuse_port=True)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def close(self) -> None:
        """Refuse new connections and cut the others."""
        for end in (self._listener, *self._connections):
            if end is not None:
                with suppress(OSError):  # it is cut already
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
        self._listener = None
        self._connections.clear()

    def stop(self) -> None:
        self.close()
        self._holder.close()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # closed
            while True:
                client, server = listener.accept()[0], self._connect()
                self._connections += [client, server]
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=_pump, args=ends, daemon=True).start()

    def _connect(self) -> socket.socket:
        folder = self._server.query.get("host")
        if folder is None:
            return socket.create_connection((self._server.host, self._server.port or 5432))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{folder}/.s.PGSQL.{self._server.port or 5432}")
        return server


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):  # cut
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)
