"""From labelled reports to a bundle."""
