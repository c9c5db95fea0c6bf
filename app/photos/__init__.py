"""The Photo page: photographs in, results out."""
