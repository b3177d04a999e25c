"""Fakes and factories for the tests: small, real bundles made on the fly, and images by formula."""
