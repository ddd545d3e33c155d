"""`make demo`: an invented organisation lives through one career story, on the real services of this machine.

Reading order: story.py (what happens), organisation.py (to whom), place.py and compose.py (where), callers.py (how they
call), ways.py (what became of each event), counts.py (that nothing was lost), screen.py (what is shown).
"""
