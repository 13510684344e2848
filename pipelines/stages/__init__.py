"""The stages of a build as plain functions, without Prefect: each plans its batches, works one, and counts."""
