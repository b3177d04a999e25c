"""Payloads: pictures, and request bodies made of them."""
