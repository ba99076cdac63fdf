"""What people see and press. Imports reports, graph and models."""
