"""Layers around an encoder in the exported graph: normalisation, views, whitening."""
