"""Faults on purpose: nothing may be lost, stuck or half made, whatever breaks.

`python -m tests.faults --faults 10000` runs that many and prints a table.
"""
