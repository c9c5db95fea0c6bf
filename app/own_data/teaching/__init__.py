"""Teaching a model from the page "Your data"."""
