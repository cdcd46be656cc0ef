"""The modules that reach the file system.

Only what a runtime brings along, here and in the other families: a package that does it is an
artifact of its own, judged by its own bytes, and a new one is seen as a dependency.
"""

FILES = frozenset({"fs", "fs/promises", "original-fs"})
