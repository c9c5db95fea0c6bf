"""The Photos page: photographs in, results out."""
