"""Each figure beside its ceiling, both measured in the same run: `make bench`, or `python -m benchmarks P1 P6`.

A module p<number>_<name>.py is one figure: its docstring says what is measured against what, and what was tried and
left; `TITLE` is a line, and `async def measure(place: Place) -> Result` does it. Nothing else is to be registered.

Reading order: figures.py (rows and results), rounds.py (interleaved, medians), places.py (the servers), report.py,
__main__.py.
"""
