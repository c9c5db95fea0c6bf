"""Figures about a classifier, and the report that holds them."""
