"""The benchmark of the searches: cells of work, their dataset, and what is measured from it."""
