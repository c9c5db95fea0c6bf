"""What it takes to host the app: memory, a soak, how soon the first page is there."""
