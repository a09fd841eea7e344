"""Fault injection: no failure may lose, block, repeat or partially write anything.

`python -m tests.faults --faults 2000` causes that many faults and prints a table;
`python -m tests.faults --mutants` shows that the checks notice serious errors in the package.
`tests/load` uses the same servers, clients and checks.
"""
