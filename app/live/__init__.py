"""The Live page: what it shows of a camera, and how its video comes."""
