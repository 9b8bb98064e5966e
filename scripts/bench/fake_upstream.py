"""A fake model server: OpenAI's and Ollama's wire, any speed, any fault, and a count of what it has seen.

It is the upstream of the benchmark, and of tests that need a real server which misbehaves. The name of the model
chooses the reply (``scripts.bench.replies``). Chunks are encoded before the first one is sent, so that what is measured
is the relay and not this program.

    python -m scripts.bench.fake_upstream --port 0
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from aiohttp import web

from scripts.bench import replies
from scripts.bench.replies import FAULTS, Reply

# Without a delay nothing would make a stream wait; every so many chunks it lets the others have a turn.
TURN = 16
BACKLOG = 4096
NEVER = 3600.0


@dataclass
class Stats:
    """What the server has seen. ``aborted`` counts replies whose caller went away before their end."""

    requests: int = 0
    open: int = 0
    finished: int = 0
    aborted: int = 0


STATS = web.AppKey("stats", Stats)
MODELS = web.AppKey("models", list[str])


@dataclass(frozen=True)
class Stream:
    """A streamed reply, encoded: its pieces, and what follows the last of them."""

    content_type: str
    pieces: Sequence[bytes]
    end: bytes


def default_models() -> list[str]:
    """The names that the server lists: two speeds, and each fault."""
    return ["fake-100x0ms", "fake-100x10ms", *(f"fake-10x10ms-{fault}" for fault in FAULTS)]


def make_app(models: list[str]) -> web.Application:
    """The application; ``models`` is what it lists, any name of the grammar is answered."""
    app = web.Application(client_max_size=64 * 2**20)
    app[STATS] = Stats()
    app[MODELS] = models
    app.router.add_get("/health", health)
    app.router.add_get("/stats", stats)
    app.router.add_get("/v1/models", openai_models)
    app.router.add_post("/v1/chat/completions", openai_chat)
    app.router.add_get("/api/version", ollama_version)
    app.router.add_get("/api/tags", ollama_tags)
    app.router.add_post("/api/chat", ollama_chat)
    return app


async def health(request: web.Request) -> web.Response:
    """The cheapest answer, for the measure of the load generator itself."""
    return web.Response(body=b'{"status": true}', content_type="application/json")


async def stats(request: web.Request) -> web.Response:
    """The counts since the start, as JSON."""
    return web.json_response(asdict(request.app[STATS]))


async def openai_models(request: web.Request) -> web.Response:
    """``GET /v1/models``."""
    return web.json_response(replies.openai_models(request.app[MODELS]))


async def ollama_tags(request: web.Request) -> web.Response:
    """``GET /api/tags``."""
    return web.json_response(replies.ollama_tags(request.app[MODELS]))


async def ollama_version(request: web.Request) -> web.Response:
    """``GET /api/version``."""
    return web.json_response({"version": "0.6.0"})


async def openai_chat(request: web.Request) -> web.StreamResponse:
    """``POST /v1/chat/completions``, streamed if the request says so."""
    body = await request.json()
    model = str(body.get("model"))
    reply = replies.parse(model)
    if reply is None:
        message = f"The model {model!r} does not exist."
        error = {"message": message, "type": "invalid_request_error", "code": "model_not_found"}
        return web.json_response({"error": error}, status=404)
    if not body.get("stream"):
        return await _answer(request, reply, replies.openai_answer(model, reply))
    with_usage = bool((body.get("stream_options") or {}).get("include_usage"))
    end = replies.openai_end(model, reply, with_usage=with_usage)
    return await _answer(request, reply, Stream("text/event-stream", replies.openai_events(model, reply), end))


async def ollama_chat(request: web.Request) -> web.StreamResponse:
    """``POST /api/chat``, streamed unless the request says otherwise."""
    body = await request.json()
    model = str(body.get("model"))
    reply = replies.parse(model)
    if reply is None:
        return web.json_response({"error": f"model {model!r} not found"}, status=404)
    if body.get("stream") is False:
        return await _answer(request, reply, replies.ollama_answer(model, reply))
    pieces = replies.ollama_lines(model, reply)
    return await _answer(request, reply, Stream("application/x-ndjson", pieces, replies.ollama_end(model, reply)))


async def _answer(request: web.Request, reply: Reply, content: Stream | dict[str, Any]) -> web.StreamResponse:
    """Plays the reply, and counts how it went."""
    seen = request.app[STATS]
    seen.requests += 1
    seen.open += 1
    try:
        response = await _play(request, reply, content)
    except (ConnectionResetError, asyncio.CancelledError) as gone:
        seen.aborted += 1
        # A cancelled handler ends quietly; any other exception would be logged with its traceback.
        raise asyncio.CancelledError from gone
    finally:
        seen.open -= 1
    seen.finished += 1
    return response


async def _play(request: web.Request, reply: Reply, content: Stream | dict[str, Any]) -> web.StreamResponse:
    if reply.fault == "429":
        error = {"error": {"message": "Too many requests.", "type": "rate_limit_error", "code": "rate_limited"}}
        return web.json_response(error, status=429, headers={"Retry-After": "7"})
    if reply.fault == "500":
        return web.json_response({"error": {"message": "The fake is broken.", "type": "server_error"}}, status=500)
    if reply.fault == "hang":
        await asyncio.sleep(NEVER)
    if isinstance(content, Stream):
        return await _stream(request, reply, content)
    await asyncio.sleep(reply.chunks * reply.delay)
    return web.json_response(content)


async def _stream(request: web.Request, reply: Reply, stream: Stream) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": stream.content_type, "Cache-Control": "no-cache"})
    response.enable_chunked_encoding()
    await response.prepare(request)
    if reply.fault == "garbage":
        await response.write(b"".join(stream.pieces[:1]) + replies.GARBAGE)
        return response
    stops = reply.fault in ("cut", "stall")
    await _send(response, stream.pieces[: reply.chunks // 2] if stops else stream.pieces, reply.delay)
    if reply.fault == "stall":
        await asyncio.sleep(NEVER)
    if reply.fault == "cut" and request.transport is not None:
        request.transport.close()
        return response
    await response.write(stream.end)
    return response


async def _send(response: web.StreamResponse, pieces: Sequence[bytes], delay: float) -> None:
    """Writes each piece on its own, at its time counted from the first, so that delays do not add up."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    for index, piece in enumerate(pieces):
        if delay and index:
            await asyncio.sleep(start + index * delay - loop.time())
        elif index % TURN == TURN - 1:
            await asyncio.sleep(0)
        await response.write(piece)


async def serve(host: str, port: int, models: list[str]) -> None:
    """Serves until cancelled; prints the address once it can be reached."""
    # handler_cancellation: a caller that goes away is noticed at once, also while nothing is being written.
    runner = web.AppRunner(make_app(models), access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, backlog=BACKLOG).start()
        print(f"http://{host}:{runner.addresses[0][1]}", flush=True)
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


def main() -> None:
    """Command line."""
    faults = "\n".join(f"  {name:8} {meaning}" for name, meaning in FAULTS.items())
    parser = argparse.ArgumentParser(
        description="A fake model server for benchmarks and tests.",
        epilog=f"{replies.__doc__}\nFaults:\n{faults}\n\nGET /stats counts replies: requests, open, finished, aborted.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9100, help="0 takes a free one; the address is printed")
    parser.add_argument("--model", action="append", default=[], metavar="NAME", help="list this name too; may repeat")
    args = parser.parse_args()
    unknown = [name for name in args.model if replies.parse(name) is None]
    if unknown:
        parser.error(f"{unknown[0]!r} is not a name of the form fake-<chunks>x<delay>ms[-<size>b][-<fault>].")
    try:
        asyncio.run(serve(args.host, args.port, default_models() + args.model))
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
