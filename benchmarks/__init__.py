"""Performance as ratios measured in one run on the same work."""
