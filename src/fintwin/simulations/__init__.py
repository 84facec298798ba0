"""Running the twin for people: worker processes, limits, progress, and runs that are kept."""
