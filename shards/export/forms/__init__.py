"""The exports, one module each; `aig.shards.export.registry` lists them."""
