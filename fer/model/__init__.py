"""The expression network: what describes it, what runs it, what it looks at."""
