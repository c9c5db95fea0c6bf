"""Keras networks, their class activation maps and their layer tables."""
