"""Finding faces: one view, or a whole photograph in tiles."""
