"""Who is whose manager, HR partner and colleague, in every service, from profiles' stream.

Reading order: facts.py (what HR reported), managers.py (the rules: dated managers from facts), model.py (the tables and
how they are kept), reads.py (what a read asks).
"""
