"""What every package stands on: errors, records, tables, storage, locks, hashing, settings, the task registry."""
