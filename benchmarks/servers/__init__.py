"""Servers under test: the service, the ceiling, containers, and their readiness."""
