"""An MCP server of the protocol's own SDK, with and without sign-in by OAuth."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from mcp.server import MCPServer
from mcp.server.auth.settings import AuthSettings, ClientRegistrationOptions

PATIENCE = 20.0


class Accounts:
    """An authorization server that registers every client and lets nobody in."""

    def __init__(self) -> None:
        self.clients: dict[str, Any] = {}

    async def register_client(self, client_info: Any) -> None:
        self.clients[client_info.client_id] = client_info

    async def load_access_token(self, token: str) -> None:
        return None


@contextmanager
def mcp_server(*, accounts: Accounts | None = None, **options: Any) -> Iterator[str]:
    """The address of a server with the tool ``add``. ``options`` are those of ``streamable_http_app``."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        registration = ClientRegistrationOptions(enabled=True, valid_scopes=["tools"], default_scopes=["tools"])
        auth = {
            "auth_server_provider": accounts,
            "auth": AuthSettings(
                issuer_url=url,  # type: ignore[arg-type]
                resource_server_url=f"{url}/mcp",  # type: ignore[arg-type]
                client_registration_options=registration,
                required_scopes=["tools"],
                validate_token_resource=False,
            ),
        }
        server = MCPServer("Sums", log_level="ERROR", **(auth if accounts else {}))  # type: ignore[arg-type]

        @server.tool()
        def add(a: int, b: int) -> int:
            """Add two numbers."""
            return a + b

        running = uvicorn.Server(uvicorn.Config(server.streamable_http_app(**options), log_level="error"))
        thread = threading.Thread(target=lambda: asyncio.run(running.serve([listener])), daemon=True)
        thread.start()
        try:
            yield f"{url}/mcp"
        finally:
            running.should_exit = True
            thread.join(PATIENCE)
