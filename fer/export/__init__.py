"""Export results of photographs and sessions as JSON and CSV."""
