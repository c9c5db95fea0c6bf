"""Fine-tuning a model from the page "Your data"."""
