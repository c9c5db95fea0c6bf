"""The Model dashboard: a report as parts, and the page and the HTML file that show them."""
