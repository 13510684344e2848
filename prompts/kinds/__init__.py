"""The kinds of open-ended prompts, one value in each file; `aig.prompts.kind_registry` lists them."""
