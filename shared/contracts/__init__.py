"""Every event that can be stored or published.

Reading order: event.py (what a contract is), fields.py, then one module a service; reading.py turns a stored body into
an event; schemas/, golden/ and published/ hold what was ever published, compatibility.py says what would break it.
"""
