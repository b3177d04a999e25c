"""Report of an evaluation: its verdict, one HTML page, and JSON."""
