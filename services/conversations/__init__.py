"""Conversations owns career conversations, their outcomes, and the commitments of employee, manager and HR.

Reading order: app.py (how it is put together), api_conversations.py, api_outcomes.py and api_commitments.py (routes),
conversation.py and commitment.py (the rules), partners.py (whom one may ask), conversation_view.py (who reads what of
one), conversation_list.py and commitment_list.py (what lists show), endings.py (what ends by itself when a relation
does), erasing.py (what ends with an erasure). How outcomes are shared is in shared/sharing.
"""
