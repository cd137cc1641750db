"""From a bundle and labelled reports to figures with intervals."""
