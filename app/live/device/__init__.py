"""The Live page's second mode: the same networks in the visitor's browser."""
