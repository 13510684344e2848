"""Which answers of a model stay: one module per filter, each drop with its reason."""
