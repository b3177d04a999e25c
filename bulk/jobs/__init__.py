"""A resumable job: the list of its images in shards, and the part that each shard has made."""
