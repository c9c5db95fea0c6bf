"""What the whole says of made-up input, written before and after a redesign, and compared."""
