"""What the Live page costs when the visitor's own device analyses: see `__main__`."""
