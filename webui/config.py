"""The assembly of the application, from the outside in."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.events import NewRequest
from pyramid.tweens import EXCVIEW

from webui.background import BackgroundLoop
from webui.request import Request
from webui.routes.chats import IMPORT_FILE
from webui.security import require_permissions
from webui.security.policy import SecurityPolicy
from webui.settings import Settings

TWEENS = (  # outermost first
    "webui.tweens.access_tween",
    "webui.tweens.headers_tween",
    "webui.tweens.sanity_tween",
    "pyramid_tm.tm_tween_factory",  # not by pyramid_tm's includeme: see webui.request
)
PYRAMID_SETTINGS = {
    "tm.manager_hook": "pyramid_tm.explicit_manager",
    "tm.commit_veto": "pyramid_tm.default_commit_veto",
    "tm.annotate_user": False,
    "retry.activate_hook": "webui.config.retry_attempts",
}


PARTS = (  # each stands on those before it
    "webui.models",  # registry.database, request.db
    "webui.security",  # registry.vault and tokens: secrets, and who somebody is
    "webui.services.runtime",  # registry.runtime: the settings as they are now
    "webui.providers",  # registry.connections: where models come from
    "webui.toolservers",  # registry.tool_http: the way to servers of tools
    "webui.services.usage",  # registry.usage: what replies took
    "webui.jobs",  # registry.jobs: work that follows a transaction
    "webui.runs",  # registry.runs: replies that are generated in the background
)


def configure(settings: Settings) -> Configurator:
    """A configurator with everything in it, committed. Nothing is connected to and no thread runs yet."""
    config = assemble()
    furnish(config, settings)
    return config


def assemble() -> Configurator:
    """The way of a request to its view, which no setting changes."""
    config = Configurator(settings=PYRAMID_SETTINGS, request_factory=Request, exceptionresponse_view=None)

    # One request, from the outside in.
    config.include("pyramid_retry")
    for tween, inside in zip(TWEENS, (*TWEENS[1:], EXCVIEW), strict=True):
        config.add_tween(tween, over=inside)
    config.add_subscriber("webui.runs.start", NewRequest)
    config.set_security_policy(SecurityPolicy())  # who may do what; denied unless allowed
    config.include("webui.api")  # schemas of views

    # What is served.
    config.include("webui.routes")
    config.scan("webui.views")
    config.include("webui.views.page")  # every other address

    config.commit()
    require_permissions(config)
    return config


def furnish(config: Configurator, settings: Settings) -> None:
    """Give the registry what views work with: all that depends on settings, or changes while the server runs."""
    config.registry.webui_settings = settings
    config.registry.background = BackgroundLoop()  # for talk with model servers
    for part in PARTS:
        config.include(part)


def retry_attempts(request: Request) -> int:
    """How often a request is tried when the database says 'again'.

    Once where that would cost twice, or where the body is too large for the memory in which it would be kept meanwhile.
    """
    return 1 if request.environ["PATH_INFO"].endswith(("/chat/completions", IMPORT_FILE)) else 3
