"""Labelled photographs: what folders say about them, and a set of labelled faces as a ZIP."""
