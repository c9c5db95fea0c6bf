"""Name in a page's address of the key to what the server keeps for it."""

PARAMETER = "session"
