"""From published weights to an encoder that the service runs: fetch, trim, fine-tune, export."""
