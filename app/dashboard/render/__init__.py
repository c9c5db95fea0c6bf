"""Sections on a surface: the Streamlit page, or one HTML file."""
