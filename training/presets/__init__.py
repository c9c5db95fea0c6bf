"""Named training configurations."""
