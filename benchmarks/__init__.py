"""Commands that produce the measurements quoted in the README and the notes."""
