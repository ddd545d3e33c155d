"""Kills and freezes under load, then a checker: nothing lost, nothing doubled, versions in order.

`python -m tests.faults --seed 7 --kills 200` starts the whole house with servers of its own, lets many callers work
through the public APIs as good clients do, kills and freezes whatever runs, heals, waits until all is quiet, and
compares what callers were told with the stores, the topics and the read models.

Reading order: run.py (the course of a run), house.py (what runs), plan.py and chaos.py (what is done to it),
ledger.py and client.py (what callers send, and what they are told), world.py and load.py (what they do all day),
quiet.py (when everything has come to rest), check_*.py (one question each), report.py.
"""
