"""Every event that can be stored or published.

Reading order: event.py (what a contract is), fields.py, then one module a service; reading.py turns a stored body into
an event; schemas/ and golden/ hold what was ever published.
"""
