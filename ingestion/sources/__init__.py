"""One source each. A new file here is a new source."""
