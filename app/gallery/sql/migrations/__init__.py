"""Alembic's migrations of the gallery's schema."""
