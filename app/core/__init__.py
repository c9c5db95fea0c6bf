"""What the pages with photographs and recordings share: uploads, budgets, jobs, records."""
