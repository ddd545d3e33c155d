"""Who may see and do what, as data: each route names its row, and docs/access.md is made of the rows.

Nothing here decides at run time: a read decides in its own SQL, a command in its rule. tests/access tries every cell of
every route against this.

Reading order: rules.py (what a rule says), matrix.py (the rules).
"""

from shared.access.rules import Row, Rule, Verdict, Who

__all__ = ["Row", "Rule", "Verdict", "Who"]
