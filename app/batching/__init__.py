"""Bounded work off the event loop: worker threads, batches, bytes in flight."""
