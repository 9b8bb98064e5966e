"""Servers of pipelines: programs beside this one that are reached as OpenAI-compatible APIs.

``urlIdx`` is the number of a server's connection among the OpenAI-compatible ones. What the servers say of their
pipelines, and of the settings of these (valves), is passed on as it is.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import StringConstraints

from webui.schemas.common import Form, Out
from webui.schemas.models import Open
from webui.schemas.ollama import Index

PipelineId = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Answer = dict[str, Any]  # the server's


class AtServer(Form):
    """Which server is asked; the first connection if none is named."""

    urlIdx: Index = 0


class AddPipelineForm(Form):
    """The address of a Python file, which the server fetches."""

    url: Annotated[str, StringConstraints(min_length=1, max_length=2048)]
    urlIdx: Index


class DeletePipelineForm(Form):
    id: PipelineId
    urlIdx: Index


class ValvesForm(Open):
    """A pipeline's settings, by their names."""


class PipelineServer(Out):
    url: str
    idx: int


class PipelineServers(Out):
    data: list[PipelineServer]
