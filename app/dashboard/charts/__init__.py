"""A report as charts. No streamlit in here."""
