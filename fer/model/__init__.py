"""The expression network: its specification, its classifier and its class activation maps."""
