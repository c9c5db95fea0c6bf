"""A server of one's own: how it comes to its end, and what its visitors see of that."""
