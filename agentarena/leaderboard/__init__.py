"""Reports of finished matches."""
