"""Face detection: in a single pass, or over a whole photograph in tiles."""
