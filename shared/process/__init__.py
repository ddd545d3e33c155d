"""Runs a process of a service: an api or a worker, its tasks supervised, until it is told to stop.

Reading order: run (the process), supervise (its tasks and its server).
"""

from shared.process.run import run
from shared.process.supervise import Task, supervise

__all__ = ["Task", "run", "supervise"]
