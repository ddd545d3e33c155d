"""Whoever reads a description finds a body to begin with, in each operation that takes one."""

from typing import Any

import jsonschema
import pytest

from deploy.careers.services import SERVICES
from shared.http.openapi import describe
from tests.http.declared import declared


@pytest.mark.parametrize("service", SERVICES)
def test_every_body_has_an_example_that_its_own_schema_takes(service: str) -> None:
    described = describe(service, "1", "", declared(service))
    bodies: list[tuple[str, dict[str, Any]]] = [
        (f"{path} {kind}", content)
        for path, methods in described["paths"].items()
        for told in methods.values()
        for kind, content in told.get("requestBody", {"content": {}})["content"].items()
    ]
    assert bodies or service == "projections"
    for place, content in bodies:
        assert "example" in content, place
        schema = {**content["schema"], "components": described["components"]}
        jsonschema.Draft202012Validator(schema).validate(content["example"])
