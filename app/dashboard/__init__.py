"""The Model dashboard: the sections of a report, shown on the page and in an HTML file."""
