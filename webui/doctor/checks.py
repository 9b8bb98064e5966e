"""All checks, in the order in which they are told, and how they are carried out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from webui.doctor import database, files, interpreter, models, network, processes, security, settings
from webui.doctor.context import AS_SERVER, Context, Missing
from webui.doctor.finding import Finding, problem, reason, skipped
from webui.providers.http import LEAST_SECRET, without_secrets
from webui.services.secrets import HOLDING, USERINFO, secret_texts
from webui.settings.database_url import secrets_of
from webui.settings.parsers import HIDDEN


@dataclass(frozen=True)
class Check:
    """``name`` is ``group.what``; ``run`` looks, and says what it has found."""

    name: str
    title: str
    run: Callable[[Context], Finding]

    @property
    def group(self) -> str:
        return self.name.partition(".")[0]


CHECKS = (
    Check("interpreter.python", "Python", interpreter.python),
    Check("interpreter.packages", "Packages", interpreter.packages),
    Check("interpreter.waitress", "HTTP server", interpreter.waitress),
    Check("interpreter.extras", "Optional packages", interpreter.extras),
    Check("settings.readable", "Settings", settings.readable),
    Check("settings.names", "Names of settings", settings.names),
    Check("settings.planned", "Settings without effect", settings.planned),
    Check("settings.stored", "Stored settings", settings.stored),
    Check("settings.overridden", "Overridden settings", settings.overridden),
    Check("files.data_dir", "Folder of data", files.data_dir),
    Check("files.space", "Free space", files.space),
    Check("files.database_writable", "Writing to the database file", files.database_writable),
    Check("files.database_mode", "Mode of the database file", files.database_mode),
    Check("files.key_mode", "Mode of the key file", files.key_mode),
    Check("files.key_drafts", "Drafts of the key file", files.key_drafts),
    Check("files.dotenv_mode", "Mode of .env", files.dotenv_mode),
    Check("files.network_file_system", "Kind of file system", files.network_file_system),
    Check("database.reachable", "Database", database.reachable),
    Check("database.schema", "Schema", database.schema),
    Check("database.journal", "Journal", database.journal),
    Check("database.wal_size", "Size of the journal", database.wal_size),
    Check("database.integrity", "Soundness of the file", database.integrity),
    Check("database.orphans", "Orphaned rows", database.orphans),
    Check("database.connections", "Connections to the database", database.connections),
    Check("database.latency", "Time of a question", database.latency),
    Check("database.backup", "Backup", database.backup),
    Check("security.secret_key", "Secret key", security.secret_key),
    Check("security.known_key", "Key of this database", security.known_key),
    Check("security.stored_secrets", "Stored secrets", security.stored_secrets),
    Check("security.origins", "Origins", security.origins),
    Check("security.sign_up", "Sign-up", security.sign_up),
    Check("security.default_role", "Role of new accounts", security.default_role),
    Check("security.cookies", "Sign-in cookie", security.cookies),
    Check("network.clock", "Clock", network.clock),
    Check("network.port", "Port", network.port),
    Check("network.public_url", "Public address", network.public_url),
    Check("network.streams", "Streams through the proxy", network.streams),
    Check("processes.open_files", "Open files", processes.open_files),
    Check("processes.threads", "Threads", processes.threads),
    Check("processes.workers", "Workers", processes.workers),
    Check("models.names", "Names of model servers", models.names),
    Check("models.connects", "Connections to model servers", models.connects),
    Check("models.tls", "Their certificates", models.tls),
    Check("models.keys", "Their keys", models.keys),
    Check("models.lists", "Their models", models.lists),
    Check("models.replies", "Their answers", models.replies),
    Check("models.local", "Local model", models.local),
    Check("models.local_start", "Start of the local model", models.local_start),
)


def chosen(names: Iterable[str]) -> list[Check]:
    """The checks of these names or groups, all without any; raises ``ValueError`` for a name that is none."""
    names = list(names)
    known = {name for check in CHECKS for name in (check.name, check.group)}
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"There is no check {unknown[0]}. There are: {', '.join(check.name for check in CHECKS)}")
    return [check for check in CHECKS if not names or check.name in names or check.group in names]


def examine(context: Context, checks: Iterable[Check] = CHECKS) -> Iterator[tuple[Check, Finding]]:
    """Carry out checks, each by itself: one that fails in a way that nobody thought of is a problem, too."""
    for check in checks:
        try:
            finding = check.run(context)
        except Missing as missing:
            finding = skipped(str(missing))
        except PermissionError as error:
            finding = skipped(f"This user may not look at {error.filename}.", AS_SERVER)
        except Exception as error:  # the others go on
            finding = problem(
                f"The check failed. {reason(getattr(error, 'orig', None) or error)}",
                "Something is in a state that nobody thought of.",
                "Read the log of the server, or report it with this line.",
            )
        yield check, _without_secrets(finding, context)


def _without_secrets(finding: Finding, context: Context) -> Finding:
    """Texts of errors may repeat what they were given: what is secret is hidden in all of them, just in case."""
    secrets = sorted(_secrets(context), key=len, reverse=True)
    texts = without_secrets([finding.message, finding.cause, finding.remedy], secrets)
    return Finding(finding.status, *(USERINFO.sub(HIDDEN, text) for text in texts))


def _secrets(context: Context) -> set[str]:
    if isinstance(context.loaded, Exception):
        return set()
    found = secrets_of(context.database_url)
    for setting in HOLDING.values():
        found += secret_texts(setting, context.settings[setting.name])
    return {text for text in found if len(text) >= LEAST_SECRET}
