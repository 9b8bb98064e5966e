"""The process that holds the model: ``python -m webui.providers.local.child``, started by ``process``.

It serves llama.cpp's OpenAI API on a free port of the loopback interface and ends itself: when its parent is gone (its
standard input is a pipe that nobody writes to, which the kernel closes even after kill -9 of the parent), or when
nothing was asked for a while. It imports nothing of the application beside ``state``, so that its memory is the model.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import threading
import time
from pathlib import Path

import xllamacpp

from webui.providers.local import state


def main() -> None:
    """Load the model, say on standard output where it answers, and serve until there is a reason to end."""
    arguments = _arguments()
    claimed = state.claim(arguments.state)
    if claimed is None:
        sys.exit(state.EXIT_CLAIMED)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    key = secrets.token_urlsafe(32)  # other users of this machine can reach the port too
    try:
        server = xllamacpp.Server(_parameters(arguments, key))
    except RuntimeError as error:  # llama.cpp has said on standard error what is wrong
        sys.exit(f"{arguments.model} cannot be run: {error}")
    endpoint = state.Endpoint(server.listening_address, key, str(arguments.model), os.getpid())
    state.publish(claimed, endpoint)
    print(endpoint.to_json(), flush=True)  # noqa: T201 - the parent reads it
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nobody reads on: what comes later must not fill the pipe
    _wait_until_idle(server, arguments.idle)
    _end()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--alias", required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--slots", type=int, required=True)
    parser.add_argument("--context", type=int, required=True)
    parser.add_argument("--idle", type=float, required=True)
    parser.add_argument("--state", type=Path, required=True)
    return parser.parse_args()


def _parameters(arguments: argparse.Namespace, key: str) -> xllamacpp.CommonParams:
    params = xllamacpp.CommonParams()
    params.model.path = str(arguments.model)
    params.model_alias = {arguments.alias}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [key]
    params.ui = False
    params.endpoint_metrics = True
    params.n_parallel = arguments.slots
    params.n_ctx = arguments.context * arguments.slots  # llama.cpp divides it among the slots
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = arguments.threads
    params.fit_params = False  # what the settings say is used, and the file is read once
    params.cache_ram_mib = 0  # its cache of earlier prompts may otherwise grow to 8 GiB
    params.verbosity = 1  # errors
    return params


def _wait_until_idle(server: xllamacpp.Server, seconds: float) -> None:
    """Return once no request ran for so long; 0 seconds mean never.

    The counters of tokens and decoder runs go up with every request, also one that fits between two looks.
    """
    seen, since = "", time.monotonic()
    while True:
        time.sleep(min(seconds / 4, 5) or 60)
        metrics = server.handle_metrics()
        if metrics != seen or "llamacpp:requests_processing 0\n" not in metrics:
            seen, since = metrics, time.monotonic()
        elif seconds and time.monotonic() - since >= seconds:
            return


def _end_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1):  # unbuffered: a buffer's lock, held here, makes Python abort at its exit
        pass
    _end()


def _end() -> None:
    # At once: llama.cpp's own shutdown waits for the requests that it is working on.
    os._exit(0)


if __name__ == "__main__":
    main()
