"""The sample service behind a real server."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.http.sample import Service, client_of, sample_app


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
async def anna(service: Service) -> AsyncIterator[httpx2.AsyncClient]:
    """Anna's client."""
    async with client_of(sample_app(service)) as client:
        yield client
