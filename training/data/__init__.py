"""Read labelled faces: layouts, splits, FER+ votes, and problems of a data set."""
