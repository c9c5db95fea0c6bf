"""The models that a server has, which of them answers, and what is said of it."""
