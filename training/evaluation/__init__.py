"""Evaluate a trained network on a split."""
