"""Measurement of a bundle: the system under test, its protocols, reports."""
