"""The Your data page: photographs that the visitor labels, and how the models do on them."""
