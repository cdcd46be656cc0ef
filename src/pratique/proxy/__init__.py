"""The firewall: an npm registry that shows and serves what is cleared."""
