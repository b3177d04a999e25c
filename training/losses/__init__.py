"""The losses: one per file. Each maps (embeddings, identities) to a scalar."""
