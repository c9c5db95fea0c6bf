"""Keras networks, and what is read off them."""
