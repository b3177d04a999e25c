"""The store in SQLite or PostgreSQL; needs the extra `likewise[gallery]`."""
