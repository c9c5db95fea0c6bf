"""What is shown and saved of a camera session or a recording, on whatever page."""
