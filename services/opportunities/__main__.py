"""`python -m services.opportunities api|worker|migrate`."""

import sys

from services.opportunities.app import SERVICE
from shared.service import main

sys.exit(main(SERVICE))
