"""What a server does for itself: its end, its memory, its events, its operator's page."""
