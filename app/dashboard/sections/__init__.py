"""A report as sections. No streamlit in here."""
