"""What the trade calls its key figures, each with its definition."""
