"""What is configured, and whether it counts."""

from __future__ import annotations

from webui.doctor.context import Context
from webui.doctor.finding import Finding, ok, problem, reason, warning
from webui.log import counted
from webui.settings import SettingsError, find_dotenv
from webui.settings.resolve import NO_EFFECT_YET

EXPLAIN = "webui settings explain NAME tells everything that offers a value."


def readable(context: Context) -> Finding:
    """Whether environment, ``.env`` and INI make up settings at all."""
    match context.loaded:
        case SettingsError() as error:
            return problem(
                "The settings cannot be used: " + "; ".join(error.problems),
                "The server does not start with a setting that it cannot follow.",
                "Correct what is named there.",
            )
        case Exception() as error:
            return problem(
                f"The settings cannot be read: {reason(error)}",
                "A file cannot be opened, or is no text.",
                "Check the INI file and .env: their owner, their mode and what they hold.",
            )
    files = [str(file) for file in (find_dotenv(context.ini), context.ini) if file]
    return ok(f"They come from {', '.join(['the environment', *files])}.")


def names(context: Context) -> Finding:
    """Misspelt, deprecated and unsupported variables, and lines of ``.env`` that cannot be read."""
    found = [line for line in context.settings_at_start.warnings if NO_EFFECT_YET not in line]
    if found:
        cause = "What is misspelt or not followed has no effect."
        return warning(_joined(found), cause, "Correct or remove what is named there.")
    return ok("No name looks misspelt, deprecated or unsupported.")


def planned(context: Context) -> Finding:
    """Settings that were given a value before the feature that they are for is there."""
    found = [line for line in context.settings_at_start.warnings if NO_EFFECT_YET in line]
    if found:
        return warning(
            _joined(found),
            "The setting is known, but nothing in this version uses it.",
            "Leave it, and it will count once the feature is there; or unset it until then.",
        )
    return ok("Every setting that is given has an effect.")


def stored(context: Context) -> Finding:
    """Stored values that cannot be used."""
    ignored = [name for name in context.stored if not _is_usable(context, name)]
    if ignored:
        return warning(
            f"Stored values are not used: {', '.join(sorted(ignored))}.",
            "They are of another type, or there is no such setting: another version may have stored them.",
            "Store them again: POST /api/v1/settings (docs/settings-api.md). null removes one.",
        )
    if not context.stored:
        return ok("No setting is stored.")
    return ok(f"{counted(len(context.stored), 'setting')} stored, and all can be used.")


def overridden(context: Context) -> Finding:
    """Stored values that the environment, ``.env`` or the INI file overrides."""
    settings = context.settings
    if context.stored and not settings["settings.persistent"]:
        return warning(
            f"Not in force: {counted(len(context.stored), 'stored setting')}.",
            f"ENABLE_PERSISTENT_CONFIG is false ({settings.resolved('settings.persistent').source}).",
            "Remove ENABLE_PERSISTENT_CONFIG if they are to count.",
        )
    found = [f"{name} by {source}" for name, source in sorted(settings.overridden.items())]
    if found:
        return warning(
            f"Stored settings are overridden: {', '.join(found)}.",
            "Environment, .env and INI are stronger than what administrators store.",
            f"Remove the variable, or leave it. {EXPLAIN}",
        )
    return ok("No stored setting is overridden.")


def _joined(lines: list[str]) -> str:
    return "; ".join(line.removesuffix(".") for line in lines) + "."


def _is_usable(context: Context, name: str) -> bool:
    settings = context.settings_at_start
    if name not in settings or not settings.resolved(name).setting.runtime:
        return False
    try:
        settings.resolved(name).setting.type.parse(context.stored[name])
    except ValueError:
        return False
    return True
