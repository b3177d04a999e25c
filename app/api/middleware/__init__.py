"""Middleware around every call: observability, request ids, API keys, CORS, path prefix."""
