"""Projections owns no facts: the career timeline and HR's view of moves, made from the stream alone.

Reading order: app.py (how it is put together), api.py (routes), timeline.py (the story of one person), entries.py (what
of it a reader gets), moves.py (HR's view: tables, how they are kept, what is asked), movement.py (the rules of moves).
"""
