"""Bounded work off the event loop: worker pool, batches, and the byte budget of bodies."""
