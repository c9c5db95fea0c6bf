"""What the law asks, and what an operator tells the people in front of a camera."""
