"""Load: many users at once on a real web server, with the checks of `tests/faults`.

`python -m tests.load --seconds 60` prints requests per second and latencies of each route.
"""
