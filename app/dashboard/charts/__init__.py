"""Charts of a report. Does not use Streamlit."""
