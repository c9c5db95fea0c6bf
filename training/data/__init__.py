"""Labelled faces: layouts, splits, votes, and what is wrong with a data set."""
