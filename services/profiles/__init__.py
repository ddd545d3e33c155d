"""Profiles owns people, units, places and who leads them, who stands in for whom, the switches of legal entities, and
what each person says of themselves.

Reading order: app.py (how it is put together), api_people.py, api_units.py, api_delegations.py, api_switches.py,
api_aspirations.py, api_erasures.py and api_retention.py (routes), person.py, unit.py, delegation.py, switches.py,
aspiration.py, erasure.py and retention.py (the rules), erasing.py and retaining.py (how the last two are carried out),
people_list.py, delegations_list.py, switches_list.py and aspirations_list.py (what lists show), imports/ (HR's files).
How aspirations are shared is in shared/sharing.
"""
