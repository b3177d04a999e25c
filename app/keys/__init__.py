"""API keys: who may call the service, as a file of names and SHA-256 hashes."""
