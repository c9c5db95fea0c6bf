"""Generate a small data set of drawn faces."""
