"""What a server does for itself: tidying up after visitors who left, and knowing its memory."""
