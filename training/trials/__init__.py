"""What was tried before a choice was made; each module writes a table for evaluation/results."""
