"""Images of a source, listed and read: folders, globs, zips, tars and parquet files."""
