"""Projections owns no facts: the career timeline and HR's view of moves, made from the stream alone.

Reading order: app.py (how it is put together), api.py (routes); timeline.py (the story of one person: its rows, how
they are kept, what is asked), stories.py (which events belong to it, who sees what), entries.py (what a reader gets);
movement.py (the rules of moves), moves.py (how they are kept), moves_reads.py (what HR asks); moves_released.py (what
analysts are told), moves_releases.py (how releases are made and read).
"""
