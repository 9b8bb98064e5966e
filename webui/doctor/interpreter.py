"""Python and the packages."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import metadata

from webui.doctor.context import Context
from webui.doctor.finding import Finding, ok, problem, warning

LEAST_PYTHON = (3, 11)
WAITRESS = "3.0.2"
EXTRAS = {"local": "a small model inside", "pdf": "chats as PDF"}
PIP = "In the folder of the checkout: .venv/bin/pip install"  # the index has a stranger's package of our name


def python(context: Context) -> Finding:
    """The version of Python."""
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < LEAST_PYTHON:
        needed = ".".join(map(str, LEAST_PYTHON))
        return problem(
            f"This is Python {found}, and {needed} is needed.",
            "The program uses the language of newer versions.",
            f"In the folder of the checkout: PYTHON=python{needed} ./scripts/start.sh",
        )
    return ok(f"Python {found}, {sys.executable}")


def packages(context: Context) -> Finding:
    """The packages against the requirements of webui."""
    try:
        wrong = list(_unmet())
    except metadata.PackageNotFoundError:
        return warning(
            "webui itself is not installed.",
            "Without its metadata, pserve does not find the application, and nobody can tell which packages it needs.",
            f"{PIP} -e .",
        )
    if wrong:
        return problem("; ".join(wrong) + ".", "webui is not tested with these, and may not start.", f"{PIP} -e .")
    return ok("Every package has a version that fits.")


def waitress(context: Context) -> Finding:
    """The HTTP server, of which one version alone will do."""
    try:
        found = metadata.version("waitress")
    except metadata.PackageNotFoundError:
        found = "not installed"
    if found != WAITRESS:
        return problem(
            f"waitress is {found}; it must be {WAITRESS}.",
            "Streams that hold no thread are built on the inside of that version.",
            f"{PIP} waitress=={WAITRESS}",
        )
    return ok(f"waitress {found}")


def extras(context: Context) -> Finding:
    """What is optional: it may be missing, but not be of the wrong version."""
    wrong, absent = [], []
    for extra, purpose in EXTRAS.items():
        unmet = list(_unmet(extra))
        if any("not installed" in line for line in unmet):
            absent.append(f"{extra} ({purpose})")
        else:
            wrong += unmet
    if wrong:
        return warning("; ".join(wrong) + ".", "What needs these may fail.", f"{PIP} -e '.[local,pdf]'")
    if absent:
        return ok(f"Not installed: {', '.join(absent)}. To add them: .venv/bin/pip install -e '.[local,pdf]'")
    return ok(f"Installed: {', '.join(EXTRAS)}")


def _unmet(extra: str = "") -> Iterator[str]:
    """The requirements, of all or of an extra alone, that are not met."""
    import pkg_resources  # Pyramid needs it anyway; the standard library reads no requirements

    for line in metadata.requires("webui") or ():
        requirement = pkg_resources.Requirement.parse(line)
        optional = requirement.marker is not None and not requirement.marker.evaluate({"extra": ""})
        wanted = requirement.marker is None or requirement.marker.evaluate({"extra": extra})
        if not wanted or optional != bool(extra):
            continue
        try:
            found = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            yield f"{requirement.name} is not installed"
            continue
        if not requirement.specifier.contains(found, prereleases=True):
            yield f"{requirement.name} is {found}, and {requirement.specifier} is needed"
