"""The server side of a live stream. Does not use Streamlit."""
