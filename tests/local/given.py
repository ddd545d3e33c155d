"""A process that does what its variable CODE says."""

import os

exec(os.environ["CODE"])
