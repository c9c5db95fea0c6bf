"""Measuring a trained network on a split."""
