"""Measurements behind decisions that are no benchmark of the service."""
