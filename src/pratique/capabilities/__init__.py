"""What code can do: one capability family = one file, and one .md that documents and tests it."""
