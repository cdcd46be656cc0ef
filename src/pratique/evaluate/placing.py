"""Lines for the policy file, put where the file that is there takes them. Pure.

A rule does not know the policy: it says `[table]` and what goes into it. TOML has a table only
once, so where the file has it already, the lines go below its head.
"""

from __future__ import annotations

from dataclasses import replace

from pratique.model.finding import Edit, Finding
from pratique.model.pin import Location
from pratique.model.policy import Policy

POLICY_FILE = "pratique.toml"


def placed(found: Finding, policy: Policy) -> Finding:
    """The finding, its lines for the policy file placed in the file that judges."""
    remedy = found.remedy
    if remedy is None or all(edit.where.file != POLICY_FILE for edit in remedy.edits):
        return found
    edits = tuple(_placed(edit, policy) for edit in remedy.edits)
    return replace(found, remedy=replace(remedy, edits=edits))


def _placed(edit: Edit, policy: Policy) -> Edit:
    if edit.where != Location(POLICY_FILE) or edit.old or not edit.new.startswith("["):
        return edit
    file = policy.path or POLICY_FILE
    head, _, body = edit.new.partition("\n")
    key = tuple(head.strip("[]").split("."))
    line = policy.lines.get(key)
    if line is None:
        return replace(edit, where=Location(file))
    where = Location(file, line)
    if head.startswith("[["):
        return Edit(where, "[", f"[{{ {_in_one_line(body)} }}, ")
    if line in {at for path, at in policy.lines.items() if path[:-1] == key}:
        return Edit(where, "{", f"{{ {_in_one_line(body)}, ")
    return Edit(where, "", body)


def _in_one_line(body: str) -> str:
    return ", ".join(body.splitlines())
