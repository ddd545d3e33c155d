"""`python -m services.profiles api|worker|migrate`."""

import sys

from services.profiles.app import SERVICE
from shared.service import main

sys.exit(main(SERVICE))
