"""What we tell others. Imports graph and models."""
