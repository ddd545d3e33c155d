"""`python -m services.conversations api|worker|migrate`."""

import sys

from services.conversations.app import SERVICE
from shared.service import main

sys.exit(main(SERVICE))
