"""What a service declares, without a server behind it."""

from importlib import import_module
from unittest.mock import MagicMock

from shared.http import Routes
from shared.http.routes import Route


def declared(service: str) -> list[Route]:
    """The routes of a service: they are declared, and never run."""
    parts = MagicMock()
    parts.settings.secret = bytes(32)
    routes = Routes()
    import_module(f"services.{service}.app").SERVICE.add_routes(routes, parts)
    return routes.declared
