"""What is told about the server at work: OpenTelemetry, and the audit log."""

from __future__ import annotations

from typing import Any

from webui.settings.parsers import Parser, boolean, choice, path, size, text, texts, url
from webui.settings.setting import Setting


def _otel(name: str, kind: Parser[Any], default: str | None, env: str, what: str, **more: Any) -> Setting:
    return Setting(f"otel.{name}", kind, default, f"OTEL_{env}", what, planned=True, **more)


def _switch(signal: str, env: str, what: str) -> Setting:
    return Setting(f"otel.{signal}", boolean(), "false", env, f"Whether {what}.", planned=True)


def _exporter(signal: str) -> tuple[Setting, ...]:
    """Where one signal goes, if it is elsewhere than the others."""

    def follows(name: str, kind: Parser[Any], env: str, what: str, *, secret: bool = False) -> Setting:
        env = f"{signal.upper()}_{env}"
        about = f"{what} for {signal}."
        return _otel(f"{signal}.{name}", kind, None, env, about, secret=secret, default_from=f"otel.{name}")

    return (
        follows("endpoint", url(), "EXPORTER_OTLP_ENDPOINT", "Address of the collector"),
        follows("protocol", choice("grpc", "http"), "OTLP_SPAN_EXPORTER", "Protocol"),
        follows("insecure", boolean(), "EXPORTER_OTLP_INSECURE", "Whether the connection is not encrypted,"),
        follows("username", text(), "BASIC_AUTH_USERNAME", "User name at the collector"),
        follows("password", text(), "BASIC_AUTH_PASSWORD", "Password at the collector", secret=True),
    )


TELEMETRY = (
    _switch("enable", "ENABLE_OTEL", "OpenTelemetry is used at all"),
    _switch("traces", "ENABLE_OTEL_TRACES", "traces are sent"),
    _switch("metrics", "ENABLE_OTEL_METRICS", "metrics are sent"),
    _switch("logs", "ENABLE_OTEL_LOGS", "logs are sent"),
    _otel("endpoint", url(), "http://localhost:4317", "EXPORTER_OTLP_ENDPOINT", "Address of the collector."),
    _otel("protocol", choice("grpc", "http"), "grpc", "OTLP_SPAN_EXPORTER", "Protocol of the collector."),
    _otel("insecure", boolean(), "false", "EXPORTER_OTLP_INSECURE", "Whether the connection is not encrypted."),
    _otel("username", text(), "", "BASIC_AUTH_USERNAME", "User name at the collector; empty signs in as nobody."),
    _otel("password", text(), "", "BASIC_AUTH_PASSWORD", "Password at the collector.", secret=True),
    *_exporter("metrics"),
    *_exporter("logs"),
    _otel("service_name", text(minimum=1), "webui", "SERVICE_NAME", "Name of this service among others."),
    _otel("resource_attributes", text(), "", "RESOURCE_ATTRIBUTES", "More about it: key=value pairs with commas."),
    _otel("sampler", text(minimum=1), "parentbased_always_on", "TRACES_SAMPLER", "Which requests are traced."),
    Setting(
        "audit.level",
        choice("NONE", "METADATA", "REQUEST", "REQUEST_RESPONSE"),
        "NONE",
        "AUDIT_LOG_LEVEL",
        "What the audit log keeps of a request: nothing, who did what, the body too, or the answer as well.",
        planned=True,
    ),
    Setting(
        "audit.path",
        path(),
        None,
        "AUDIT_LOGS_FILE_PATH",
        "File of the audit log; audit.log in DATA_DIR when not given.",
        planned=True,
        default_from="data_dir",
        derive=lambda folder: folder / "audit.log",
    ),
    Setting(
        "audit.rotation_size",
        size(),
        "10MB",
        "AUDIT_LOG_FILE_ROTATION_SIZE",
        "Size at which that file is closed and another begun.",
        planned=True,
    ),
    Setting(
        "audit.excluded_paths",
        texts(","),
        "/chats,/chat,/folders",
        "AUDIT_EXCLUDED_PATHS",
        "Addresses that are not audited: beginnings under /api/v1, with commas between.",
        planned=True,
    ),
    Setting(
        "audit.max_body_size",
        size(),
        None,
        "MAX_BODY_LOG_SIZE",
        "Most of a body that is kept; the server's choice when not given.",
        planned=True,
    ),
)
