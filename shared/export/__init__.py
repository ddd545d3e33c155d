"""Export: all that a service holds about a person, for them alone, page by page.

Events come from the store itself, so that nothing depends on what a read model was made for; then the few rows that no
event tells. The words of others are left out, and it is said that they are.

Reading order: telling.py (what of an event is told to whom), history.py (where the events are found), places.py (what
is held besides), api.py (the route).
"""

from shared.export.api import add_export
from shared.export.places import Place, table

__all__ = ["Place", "add_export", "table"]
