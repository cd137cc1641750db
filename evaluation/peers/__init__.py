"""Farz beside what a data scientist would otherwise pick, on the same texts in the same run."""
