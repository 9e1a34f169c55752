"""Units of work that Prefect runs, the atlas they fill, and the report on it."""
