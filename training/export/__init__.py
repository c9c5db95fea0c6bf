"""A Keras network as the files that others run."""
