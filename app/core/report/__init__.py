"""Parts of a report: what is said of measurements, and the two ways to show it."""
