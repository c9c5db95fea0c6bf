"""What the operator of a server sees: events, counts, figures. Only the views use Streamlit."""
