"""A process of a service: its settings, what it opens, and how an api, a worker and a migration run.

A service's app.py says what is its own: routes, read models, reactions. Nothing here knows which service it serves.
Reading order: settings.py, parts.py, processes.py.
"""

from shared.service.parts import Parts, Service, Work, open_parts
from shared.service.processes import build_api, main
from shared.service.settings import KmsSettings, Settings

__all__ = ["KmsSettings", "Parts", "Service", "Settings", "Work", "build_api", "main", "open_parts"]
