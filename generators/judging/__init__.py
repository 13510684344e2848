"""Pairs held against a second model: a verdict on each, and whether it can be answered without hearing."""
