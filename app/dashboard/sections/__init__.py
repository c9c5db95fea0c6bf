"""The sections of a report. Does not use Streamlit."""
