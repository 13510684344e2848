"""What every package builds on: errors, records, tables, storage, locks, hashing, settings, the task registry."""
