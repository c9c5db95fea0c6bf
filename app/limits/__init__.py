"""How much a visitor may ask of the server. Only `gate` uses Streamlit."""
