"""Folders of photographs, up to millions: a row per photo in Parquet files."""
