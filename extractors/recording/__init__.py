"""Measurements of the voice and the recording, one extractor in one module; `aig.extractors.registry` lists them."""
