"""Requests to a chat model, live or in batches, within rate limits and a hard budget."""
