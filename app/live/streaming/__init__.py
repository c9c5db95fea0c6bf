"""The server side of a live stream. No streamlit in here."""
