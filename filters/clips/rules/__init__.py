"""The rules of a selection, one value in one module each; `aig.filters.clips.registry` lists them."""
