"""Observation of the running service: Prometheus metrics, traces, logs and drift."""
