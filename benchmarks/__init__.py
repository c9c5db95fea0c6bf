"""Measurements that the README and the notes quote, each a command."""
