"""The quality of what a generator makes."""
