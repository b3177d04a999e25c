"""The engine that hands the shards of a job out: Daft, here or on a Ray cluster (decision 57)."""
