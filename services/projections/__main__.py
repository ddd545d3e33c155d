"""`python -m services.projections api|worker|migrate`."""

import sys

from services.projections.app import SERVICE
from shared.service import main

sys.exit(main(SERVICE))
