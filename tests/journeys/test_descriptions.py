"""Every operation of every OpenAPI document, with whatever its schema allows and much that it does not: no 500."""

import hypothesis
import pytest
import schemathesis
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from deploy.careers.services import SERVICES
from tests.journeys.house import Caller, House

EXAMPLES = 6


@pytest.fixture(scope="session")
def everybody(house: House) -> list[Caller]:
    """A person with every role, and a service account with every scope."""
    lead = house.hire()
    unit = house.unit(lead.id)
    person = house.hire(unit, "hr_partner", "admin")
    house.told(f"/v1/units/{unit}/assign-hr-partner", {"partner": person.id, "effective_on": "2024-01-01"})
    return [
        person,
        house.service("all", "imports:write", "people:read", "moves:read", "events:read", "opportunities:read"),
    ]


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_that_is_sent_breaks_a_service(house, everybody, service):
    schema = schemathesis.openapi.from_url(f"{house.urls[service]}/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    assert operations
    for operation in operations:
        _try(operation, everybody)


def _try(operation, callers):
    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(hypothesis.HealthCheck),
        database=None,
    )
    @hypothesis.given(case=operation.as_strategy())
    def calls(case):
        for caller in callers:
            response = case.call(headers={"authorization": f"Bearer {caller.token}"}, timeout=20)
            # 503 and 504 are refusals with a reason, such as `not-yet`; 500 says that something broke.
            assert response.status_code != 500, (operation.label, case.body, case.query)
            case.validate_response(response, checks=[content_type_conformance, response_schema_conformance])

    calls()
