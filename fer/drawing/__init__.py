"""Drawing what was found onto a copy of the picture."""
