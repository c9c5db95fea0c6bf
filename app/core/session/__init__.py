"""Visitors' sessions: kept over a reload, told by their tab, and the files to save of them."""
