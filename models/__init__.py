"""How we describe the world, and the models that reason about it. Imports nothing else of ours."""
