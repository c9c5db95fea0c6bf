"""Metrics of a classifier, and the report that stores them."""
