"""What is checked in a published set, and how findings are reported."""
