"""What other trainers read, made from a published set."""
