"""Every reply of the model, raw and durable, looked up by the hash of its request."""
