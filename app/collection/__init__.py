"""The Collection page: a folder or an archive of photographs, read in the background."""
