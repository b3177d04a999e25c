"""Committed records of results, and the page and plots made of them."""
