"""Recordings: read, analyse, and write them with every face marked."""
