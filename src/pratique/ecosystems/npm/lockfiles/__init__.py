"""lockfiles."""
