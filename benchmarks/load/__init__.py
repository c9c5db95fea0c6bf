"""Many visitors at once: how many the server holds, and how long they wait."""
