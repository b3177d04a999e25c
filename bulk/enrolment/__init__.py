"""Loading of embeddings into a gallery."""
