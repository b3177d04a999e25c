"""Payloads: the pictures that are sent, and request bodies made of them."""
