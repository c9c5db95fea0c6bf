"""Results as rows: JSON and CSV of photographs and of sessions."""
