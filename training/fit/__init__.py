"""Learning: the loop and everything that it uses."""
