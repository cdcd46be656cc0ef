"""`python -m pratique`."""

from pratique.cli import run

if __name__ == "__main__":
    run()
