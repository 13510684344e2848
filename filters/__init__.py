"""Which clips and which answers stay, every drop with its reason."""
