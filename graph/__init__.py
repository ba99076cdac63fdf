"""What is known, and how we came to know it. Imports models."""
