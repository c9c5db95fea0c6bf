"""Face detection: in a single pass, or in a whole photograph at several scales and angles."""
