"""Colours of the drawings, RGB."""

BLACK, WHITE, YELLOW, RED = (20, 20, 20), (245, 245, 242), (255, 211, 60), (200, 40, 50)
