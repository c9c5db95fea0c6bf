"""Teach a trained model with one's own images, without losing what it knows."""
