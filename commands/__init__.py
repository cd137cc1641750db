"""What ``farz`` can be told to do; each module imports a room of the house when it is used."""
