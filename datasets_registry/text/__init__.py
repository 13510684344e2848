"""Text files read row by row, so that a malformed row costs one row and is reported with its line number."""
