"""Charts of streams and recordings over time. Does not use Streamlit."""
