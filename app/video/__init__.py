"""The Video page: recordings are analysed in the background, and shown with their timeline."""
