"""The servers of models, step by step, and the model inside."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from webui.doctor.context import Context
from webui.doctor.finding import Finding, ok, problem, reason, skipped, warning
from webui.doctor.probes import Probe, Step
from webui.errors import ApiError

if TYPE_CHECKING:
    from webui.providers.connection import Connection

SWITCH_OFF = "correct the address, or switch the connection off"


def names(context: Context) -> Finding:
    """Whether the names of the servers can be resolved."""
    return _judged(
        context.probes,
        Step.NAME,
        "Every name is known",
        "The name server of this machine does not know the name.",
        f"getent hosts NAME; {SWITCH_OFF}.",
    )


def connects(context: Context) -> Finding:
    """Whether something listens there."""
    return _judged(
        context.probes,
        Step.CONNECTION,
        "Every server accepts connections",
        "It does not run, listens on its own loopback alone (inside a container localhost is the container), or a"
        " firewall is between.",
        f"Start it (for Ollama: ollama serve); {SWITCH_OFF} (ENABLE_OLLAMA_API=false, ENABLE_OPENAI_API=false).",
    )


def tls(context: Context) -> Finding:
    """Whether certificates are accepted."""
    with_certificate = [probe for probe in context.probes if probe.https]
    if context.probes and not with_certificate:
        return skipped("No connection uses https.")
    return _judged(
        with_certificate,
        Step.TLS,
        "Every certificate is accepted",
        "It has expired, is for another name, or its issuer is not known to this machine.",
        "Renew it, or make its issuer known: SSL_CERT_FILE=/path/to/ca.pem",
    )


def keys(context: Context) -> Finding:
    """Whether the keys are accepted."""
    return _judged(
        context.probes,
        Step.KEY,
        "Every key is accepted",
        "The key is missing, has been withdrawn, or belongs to another connection: keys go by position.",
        "Set OPENAI_API_KEYS, or store the key again: POST /openai/config/update.",
    )


def lists(context: Context) -> Finding:
    """Whether models are listed."""
    return _judged(
        context.probes,
        Step.LIST,
        "Every server lists models",
        "There is no model API at this address, it is overloaded, or it has no model yet.",
        "Correct the address (most end in /v1), or get a model: ollama pull NAME",
    )


def replies(context: Context) -> Finding:
    """Whether the first model of each answers with one token."""
    cause = "The list of models says nothing about whether they can answer now."
    return _judged(
        context.probes,
        Step.REPLY,
        "Every server answers",
        cause,
        "What it says tells more; so does the log of that server.",
    )


def local(context: Context) -> Finding:
    """Whether the model inside is installed."""
    found = _local(context)
    if found is None:
        return skipped("The local model is switched off (WEBUI_LOCAL_MODEL).")
    chosen: Path | None = context.settings["local.model_path"]
    if (why := found.provider.reason) is not None:  # type: ignore[attr-defined]
        text, _, remedy = why.partition(". ")
        if chosen is None:
            return skipped(f"{text}.", remedy)
        return problem(f"{text}.", f"WEBUI_LOCAL_MODEL_PATH is {chosen}.", remedy)
    if chosen is not None and not _is_gguf(chosen):
        cause = "It is another format, or was not copied as a whole."
        return problem(f"{chosen} is no GGUF file.", cause, "Set WEBUI_LOCAL_MODEL_PATH to a GGUF file.")
    return ok("The local model is there.")


def local_start(context: Context) -> Finding:
    """Whether the model inside starts and answers, which takes memory and time."""
    found = _local(context)
    if found is None or found.provider.reason is not None:  # type: ignore[attr-defined]
        return skipped("There is no local model to start.")
    if not context.slow:
        return skipped("The local model was not started.", "webui doctor --slow")
    try:
        context.run(_one_token(found))
    except ApiError as error:
        return problem(
            reason(error),
            "There is not enough memory, or the file is damaged or of a kind that llama.cpp does not know.",
            "Set WEBUI_LOCAL_MODEL_PATH to another file, or WEBUI_LOCAL_MODEL=false.",
        )
    return ok("The local model starts and answers.")


async def _one_token(connection: Connection) -> None:
    asked = {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1, "stream": False}
    try:
        (model,) = await connection.models()
        await connection.chat(asked | {"model": model["id"]}, user_id="doctor")
    finally:
        await connection.provider.close()  # type: ignore[attr-defined]


def _local(context: Context) -> Connection | None:
    from webui.providers.connections import local_connection

    return next(iter(local_connection(context.settings, context.http)), None)


def _is_gguf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"GGUF"


def _judged(probes: list[Probe], step: Step, good: str, cause: str, remedy: str) -> Finding:
    """What the connections say about one step; those that failed before it say nothing."""
    if not probes:
        return skipped("No connection is switched on.")
    reached = [probe for probe in probes if probe.failed is None or probe.failed >= step]
    failed = [probe for probe in reached if probe.failed is step]
    if failed:
        told = " ".join(f"{probe.label}: {probe.error}" for probe in failed)
        judge = warning if all(map(_is_bearable, failed)) else problem
        return judge(told, cause, remedy)
    if not reached:
        return skipped("No connection gets so far.")
    return ok(f"{good}: {', '.join(f'{probe.name} ({probe.label})' for probe in reached)}")


def _is_bearable(probe: Probe) -> bool:
    """Nobody asked for this server; or it works, and only dislikes this request, or takes long over it."""
    return probe.default or (probe.failed is Step.REPLY and (probe.status < 500 or probe.status == 504))
