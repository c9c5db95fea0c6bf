"""Commands that measure what the documents quote, and that write the README's tables."""
