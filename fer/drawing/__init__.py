"""Draw faces and their expressions onto a copy of the image."""
