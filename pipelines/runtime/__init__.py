"""How work is run: Prefect's server and runners, batches, progress, shutdown, storage errors."""
