"""The same path on the visitor's own device: what the server prepares for it, and what it says."""
