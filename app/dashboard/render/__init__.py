"""Renderers of sections: the Streamlit page, and a single HTML file."""
