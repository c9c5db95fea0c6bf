"""Work in the background, and the memory that it may take. Nothing here uses Streamlit."""
