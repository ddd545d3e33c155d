"""`python -m services.notifications api|worker|migrate`."""

import sys

from services.notifications.app import SERVICE
from shared.service import main

sys.exit(main(SERVICE))
