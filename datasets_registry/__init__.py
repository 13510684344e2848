"""What the open audio datasets hold, how to get them, and how to read their own annotation files into records."""
