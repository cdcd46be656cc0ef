"""The table as text."""

from tests.forge.negatives import TABLE

for one in TABLE:
    print(f"{' or '.join(one.rules):26} {one.name}: {one.how}")
