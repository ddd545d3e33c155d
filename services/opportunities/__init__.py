"""Opportunities owns what is open to all (roles, projects, mentoring …), who applies, and the moves that follow.

Reading order: app.py (how it is put together), api_opportunities.py, api_applications.py and api_move_cases.py
(routes), standing.py (who is whose), opportunity.py, application.py, acceptance.py and move.py (the rules), matching.py
(what matches and what is missing), then the lists: opportunity_list.py, application_list.py, move_list.py.
"""
