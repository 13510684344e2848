"""What comes out: the published shards, their schema, lineage, validation, statistics and export."""
