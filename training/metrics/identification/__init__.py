"""Open-set identification: one probe against a gallery of many."""
