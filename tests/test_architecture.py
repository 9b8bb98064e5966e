"""Rules of the code that no reader should have to check."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import openapi_spec_validator
import pytest
from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

import webui
from tests.support import Client, counted_statements
from webui.config import configure
from webui.openapi import document, endpoints
from webui.security import require_permissions
from webui.security.permissions import RULES, Permission
from webui.settings import load

PACKAGE = Path(webui.__file__).parent

PUBLIC = {
    ("GET", "/health"),
    ("GET", "/health/db"),
    ("GET", "/health/stream"),
    ("GET", "/ready"),
    ("GET", "/api/version"),
    ("GET", "/api/config"),
    ("POST", "/api/v1/auths/signin"),
    ("POST", "/api/v1/auths/signup"),
    ("GET", "/api/v1/auths/signout"),
    ("GET", "/api/v1/memories/ef"),
    ("GET", "/ollama/"),
    ("GET", "/ollama/api/version"),
    ("GET", "/ollama/api/version/{url_idx}"),
    ("GET", "/openapi.json"),
    ("GET", "/docs"),
}

# What a module of a layer may not import.
FORBIDDEN = {
    "schemas": ("webui.services", "webui.views", "webui.models", "webui.security", "pyramid", "sqlalchemy"),
    "services": ("webui.views", "webui.routes", "webui.schemas", "webui.request", "pyramid", "webob"),
    "models": ("webui.services", "webui.views", "webui.schemas", "webui.request", "webob"),
    "providers": ("webui.views", "webui.schemas", "webui.request", "pyramid", "webob"),
    "settings": ("webui.models", "webui.services", "webui.views", "webui.security", "pyramid"),
    "routes": ("webui.services", "webui.views", "webui.models"),
}


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Configurator:
    folder = tmp_path_factory.mktemp("data")
    return configure(load({}, {"DATABASE_URL": f"sqlite:///{folder}/x.db", "DATA_DIR": str(folder)}))


def imports(path: Path) -> Iterator[str]:
    """What a module imports when it runs; what it needs for its annotations alone does not count."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("layer", FORBIDDEN)
def test_imports_go_down_the_layers(layer: str) -> None:
    for path in (PACKAGE / layer).rglob("*.py"):
        for name in imports(path):
            assert not name.startswith(FORBIDDEN[layer]), f"{path.relative_to(PACKAGE)} imports {name}"


def test_the_public_endpoints_are_these_and_no_others(config: Configurator) -> None:
    assert {(item.method, item.path) for item in endpoints(config.registry) if item.public} == PUBLIC


def test_an_application_with_a_view_without_permission_does_not_start(config: Configurator) -> None:
    broken = Configurator(exceptionresponse_view=None)
    broken.add_route("open", "/open")
    broken.add_view(lambda request: Response(), route_name="open", permission=NO_PERMISSION_REQUIRED)
    broken.commit()
    require_permissions(broken)
    broken.add_route("forgotten", "/forgotten")
    broken.add_view(lambda request: Response(), route_name="forgotten")
    broken.commit()
    with pytest.raises(ConfigurationError, match="has no permission"):
        require_permissions(broken)


def test_every_permission_has_a_rule() -> None:
    assert set(RULES) == set(Permission) - {Permission.PUBLIC}


def test_every_endpoint_says_what_it_does(config: Configurator) -> None:
    for item in endpoints(config.registry):
        assert item.view.__doc__, f"{item.method} {item.path} has no docstring"


def test_schemas_stand_in_the_schemas_package(config: Configurator) -> None:
    for item in endpoints(config.registry):
        for name in ("request_body", "request_query"):
            schema = item.options[name]
            assert schema is None or schema.__module__.startswith("webui.schemas.")


def test_no_two_schemas_have_one_name() -> None:
    """In the description of the API one of them would stand for both."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (PACKAGE / "schemas").glob("*.py")]
    names = Counter(node.name for tree in trees for node in tree.body if isinstance(node, ast.ClassDef))
    assert [name for name, number in names.items() if number > 1] == []


def test_every_route_has_a_view(config: Configurator) -> None:
    introspector = config.registry.introspector
    routes = {item["introspectable"]["name"] for item in introspector.get_category("routes")}
    viewed = {item["introspectable"]["route_name"] for item in introspector.get_category("views")}
    assert routes <= viewed


def test_the_description_of_the_api_is_valid(config: Configurator) -> None:
    openapi_spec_validator.validate(document(config.registry))


def test_files_and_functions_stay_small() -> None:
    for path in PACKAGE.rglob("*.py"):
        if "node_modules" in path.parts:
            continue
        source = path.read_text(encoding="utf-8")
        assert source.count("\n") <= 320, f"{path.name} is too long"
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno - node.lineno < 45, f"{path.name}: {node.name} is too long"


def test_no_folder_hides_the_alembic_library() -> None:
    assert not (PACKAGE.parent / "alembic" / "__init__.py").exists()


READS = {
    "/api/config": 2,
    "/api/v1/auths/": 1,
    "/api/models": 2,
    "/api/v1/chats/": 2,
    "/api/v1/chats/?page=1": 2,
}


@pytest.mark.parametrize("path", READS)
def test_an_authenticated_read_takes_at_most_two_statements(admin: Client, path: str) -> None:
    admin.get(path)  # the first request reads the stored settings, too
    with counted_statements(admin.registry.database.engine) as statements:
        admin.get(path, status=200)
    own = [text for text in statements if not text.startswith(("BEGIN", "PRAGMA")) and "max(settings" not in text]
    assert len(own) <= READS[path], own
