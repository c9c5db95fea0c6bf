"""The Streamlit app. Imports `fer`, never `training`."""
