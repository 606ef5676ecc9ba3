"""The OpenAPI document is true: what fits it is answered, what does not is refused, and nothing is a fault."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)
from serving_project import running, tokens

from grundstein.project.folder import open_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from serving_project import Running

NO_FAULT = [not_a_server_error]
BOUNDED = hypothesis.settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def server(served_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    root = tmp_path_factory.mktemp("described") / "project"
    shutil.copytree(served_root, root)
    with running(open_project(root)) as one:
        yield one


def test_what_fits_the_document_is_answered_as_the_document_says(server):
    tried(
        server, schemathesis.GenerationMode.POSITIVE, [*NO_FAULT, status_code_conformance, response_schema_conformance]
    )


def test_what_does_not_fit_the_document_is_refused_and_never_a_fault(server):
    tried(server, schemathesis.GenerationMode.NEGATIVE, [*NO_FAULT, negative_data_rejection])


def tried(server: Running, mode: Any, checks: list[Any]) -> None:
    head = {"Authorization": f"Bearer {tokens(server.project)['answer']}"}
    schema = schemathesis.openapi.from_url(f"{server.address}/openapi.json", headers=head)
    operations = [found.ok() for found in schema.get_all_operations()]
    for operation in (one for one in operations if one.path.startswith("/cases/")):

        @BOUNDED
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
        def asked(case: Any) -> None:
            case.call_and_validate(headers=head, checks=checks)

        asked()
