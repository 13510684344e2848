"""Which clips stay: selection rules and the label-balanced draw, each drop with its reason."""
