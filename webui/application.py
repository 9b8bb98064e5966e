"""From an INI file to a running application: settings, a check of the database, then the assembly."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from webui import log
from webui.config import configure
from webui.models import migrate
from webui.models.connect import explain
from webui.security.keys import SecretKeyError
from webui.settings import SettingsError, find_dotenv, load, program
from webui.settings.files import server_keys
from webui.startup import announce

if TYPE_CHECKING:
    from pyramid.router import Router

logger = logging.getLogger(__name__)


def make_app(*, ini: Mapping[str, str], ini_file: str | None = None) -> Router:
    """The WSGI application. Settings that are wrong, or a database that does not fit, end the process with a text."""
    dotenv = find_dotenv(ini_file)
    try:
        server = server_keys(ini_file) if ini_file else {}
        settings = load({**server, **ini, "__file__": ini_file or ""}, os.environ, dotenv)
        log.configure(settings)
        for warning in settings.warnings:
            logger.warning("%s", warning)
        migrate.check(settings["database.url"], program("initialize_db", ini_file or "production.ini"))
        config = configure(settings)
    except (SettingsError, migrate.SchemaError, SecretKeyError) as error:
        sys.exit(str(error))
    except DBAPIError as error:
        sys.exit(explain(error, settings["database.url"]))
    app = config.make_wsgi_app()
    config.registry.database.dispose()  # nothing of this process may be open when the server forks its workers
    files = [Path(file) for file in (dotenv, ini_file) if file]
    config.registry["started"] = partial(announce, config.registry, files)
    return app
