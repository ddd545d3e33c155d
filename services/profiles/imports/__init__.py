"""HR's files: from CSV to the facts of units and people.

What a file means is pure, and read first: records.py (bytes → records), columns.py (how a cell is read), shapes.py
(which file is which, and its columns), history.py (a person's rows → the facts they state), contradictions.py (what is
wrong between them), departments.py (the shape of four files → such rows), snapshot.py (today's state → such facts),
difference.py (facts that hold, and facts that a file states → events), units.py (the same for units). Then the work:
api.py, receive.py and upload.py (how files come in, and what is told of them), jobs.py and staging.py (the tables),
worker.py and job.py (one import after the other), stage.py, check.py and apply.py (its steps).
"""
