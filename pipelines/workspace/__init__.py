"""The workspace on disk or object store: its parts, its database, its buckets of clips."""
