"""Fault injection: nothing may be lost, stuck or written partially, whatever fails.

`python -m tests.faults --faults 10000` causes that many faults and prints a table.
"""
