"""All pairs of embeddings under a threshold, their groups, and how many of them to expect wrong."""
