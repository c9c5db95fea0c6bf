"""The Live page: the video stream, its analysis, and the display of the results."""
