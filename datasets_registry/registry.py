"""All datasets the pipeline knows, by name."""
