"""What was found, for people and for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from webui.doctor.checks import Check
from webui.doctor.finding import Finding, Status
from webui.log import counted, printable

SIGNS = {Status.OK: "✓", Status.WARNING: "!", Status.PROBLEM: "✗", Status.SKIPPED: "-"}
Found = Sequence[tuple[Check, Finding]]


def count(found: Found, status: Status) -> int:
    """How many checks came out so."""
    return Counter(finding.status for _, finding in found)[status]


def as_text(found: Found) -> str:
    """A line for each check; below, what is to be mended, the problems first; and the sum."""
    width = max(len(check.name) for check, _ in found)
    lines = [f"{SIGNS[finding.status]} {check.name:<{width}}  {finding.message}" for check, finding in found]
    for status in (Status.PROBLEM, Status.WARNING):
        for check, finding in found:
            if finding.status is status:
                lines += ["", *_explained(check, finding)]
    numbers = [f"{count(found, Status.OK)} ok"]
    numbers += [counted(count(found, Status.WARNING), "warning"), counted(count(found, Status.PROBLEM), "problem")]
    lines += ["", f"{', '.join(numbers)}, {count(found, Status.SKIPPED)} skipped"]
    return "\n".join(map(printable, lines))


def as_json(found: Found) -> str:
    """The findings, and the numbers of problems and warnings."""
    checks = [
        {
            "name": check.name,
            "group": check.group,
            "title": check.title,
            "status": finding.status,
            "message": finding.message,
            "cause": finding.cause,
            "remedy": finding.remedy,
        }
        for check, finding in found
    ]
    numbers = {"problems": count(found, Status.PROBLEM), "warnings": count(found, Status.WARNING)}
    return json.dumps({"checks": checks, **numbers}, indent=2)


def _explained(check: Check, finding: Finding) -> Iterator[str]:
    yield f"{finding.status}: {check.title} ({check.name})"
    yield f"  {finding.message}"
    yield f"  why:  {finding.cause}"
    yield f"  mend: {finding.remedy}"
