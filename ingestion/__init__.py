"""How evidence comes in. Imports graph and models."""
