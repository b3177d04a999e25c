"""A worker process: its service, background tasks and shared state."""
