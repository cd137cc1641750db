"""Taxonomy, records, normalisation, language and the corpus; imports nothing of ours."""
