"""Fault injection: no failure may lose, block or partially write a notification.

`python -m tests.faults --faults 10000` causes that many faults and prints a table.
"""
