"""The closed-ended tasks, one value in each file; `aig.generators.closed_ended.registry` lists them."""
