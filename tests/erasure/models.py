"""Every model of every service, as its app puts it together."""

from typing import Any

from services.conversations import app as conversations_app
from services.notifications import app as notifications_app
from services.opportunities import app as opportunities_app
from services.profiles import app as profiles_app
from services.projections import app as projections_app

_APPS = (profiles_app, conversations_app, opportunities_app, notifications_app, projections_app)


def models(parts: Any) -> list[Any]:
    return [model for app in _APPS for model in app.models(parts)]
