"""A race of searches: its file, what it needs, its run and its report."""
