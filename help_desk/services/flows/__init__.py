"""Use cases: one module each, plain functions, called by the service and the views."""
