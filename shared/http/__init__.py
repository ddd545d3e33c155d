"""HTTP: what a service declares (routes, fields, calls) and what is done for it.

Reading order: routes (what is declared), calls (what a handler is given and answers), kernel (what happens to a
request), requests and bodies (how it is read), answers and problems (how it is answered), app (how it is put together).
"""

from shared.http.app import Api, build
from shared.http.calls import Alias, Call, Found, Page, Upload
from shared.http.fields import Body, Day, Line, Listing, Moment, Query, Text, Whole
from shared.http.health import Check, Health
from shared.http.queries import Several
from shared.http.routes import Routes

__all__ = [
    "Alias",
    "Api",
    "Body",
    "Call",
    "Check",
    "Day",
    "Found",
    "Health",
    "Line",
    "Listing",
    "Moment",
    "Page",
    "Query",
    "Routes",
    "Several",
    "Text",
    "Upload",
    "Whole",
    "build",
]
