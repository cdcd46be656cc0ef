"""What one settings file of a repository says, collected while it is read."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import chain

from pratique.ecosystems.npm.settings.ini import has_variable
from pratique.ecosystems.npm.versions import is_version
from pratique.model.pin import Location, Manager
from pratique.model.project import (
    AgeExclusion,
    Approval,
    CodeForm,
    DeadKey,
    ManagerCode,
    Settings,
)
from pratique.model.registry import normalised

_LOADED = re.compile(r"(?<!\S)(?:--require|-r|--import|--loader|--experimental-loader)[= ]+(\S+)")
BUILDS = "build-scripts"
AGE = "release-age"


@dataclass(slots=True)
class Draft:
    """The settings of one file, in the making."""

    file: str
    manager: Manager
    registry: tuple[str, Location] | None = None
    scopes: dict[str, tuple[str, Location]] = field(default_factory=dict)
    named_registries: dict[str, tuple[str, Location]] = field(default_factory=dict)
    replaced_host: str = ""
    approvals: list[Approval] = field(default_factory=list)
    exclusions: list[AgeExclusion] = field(default_factory=list)
    cooldown: tuple[timedelta, Location] | None = None
    scripts_off: bool | None = None
    unlocked: list[tuple[str, Location]] = field(default_factory=list)
    dead: list[DeadKey] = field(default_factory=list)
    code: list[ManagerCode] = field(default_factory=list)
    refused: list[tuple[str, str, Location]] = field(default_factory=list)

    def at(self, line: int | None) -> Location:
        return Location(self.file, line)

    def approve(self, selector: str, allowed: bool | None, line: int) -> None:  # noqa: FBT001 - a value of the file, not a switch
        """One entry of a build-script list; `allowed` None is an undecided placeholder."""
        name, exact = selected(selector)
        for version in exact or (None,):
            self.approvals.append(Approval(name, version, allowed, self.at(line), self.manager))

    def exclude(self, selector: str, line: int) -> None:
        self.exclusions.append(AgeExclusion(selector, self.at(line), self.manager))

    def cool(self, key: str, value: timedelta | None, line: int) -> None:
        """The manager's own cooldown, or a dead key where the value is none."""
        if value is None:
            self.kill(key, "its value is not a duration", line, AGE)
        else:
            self.cooldown = (value, self.at(line))

    def kill(self, key: str, why: str, line: int, layer: str) -> None:
        self.dead.append(DeadKey(key, why, self.at(line), layer))

    def unlock(self, said: str, line: int) -> None:
        """A setting by which the manager does not keep to its lockfile."""
        self.unlocked.append((said, self.at(line)))

    def refuse(self, key: str, why: str, line: int) -> None:
        self.refused.append((key, why, self.at(line)))

    def run(self, form: CodeForm, path: str, line: int | None) -> None:
        """Code that the manager runs; `path` is relative to the settings file's directory."""
        whole = posixpath.normpath(posixpath.join(posixpath.dirname(self.file), path))
        self.code.append(ManagerCode(form, whole, self.at(line)))

    def command(self, value: object, line: int) -> None:
        """A program by its name, or by a path: that of a file of the repository is its code."""
        if isinstance(value, str) and "/" in value and not value.startswith(("/", "~")):
            self.run(CodeForm.COMMAND, value, line)

    def node_options(self, value: object, line: int) -> None:
        """Options of node for every script: the modules that they load first."""
        for path in _LOADED.findall(value) if isinstance(value, str) else ():
            self.command(path, line)

    def address(self, key: str, value: object, line: int) -> tuple[str, Location] | None:
        """A registry's address as a project file may state it, normalised; else it is refused."""
        if not isinstance(value, str) or has_variable(value):
            self.refuse(key, "a project's file may not take an address from the environment", line)
            return None
        base = normalised(value)
        if base is None:
            self.refuse(key, "not the http(s) address of a registry", line)
        elif "@" in value.split("://", 1)[-1].split("/", 1)[0]:
            self.refuse(key, "an address with a user name or a password", line)
        return (base, self.at(line)) if base else None

    def settings(self) -> Settings:
        return Settings(
            registry=self.registry,
            scopes=self.scopes,
            named_registries=self.named_registries,
            replaced_host=self.replaced_host,
            approvals=tuple(self.approvals),
            exclusions=tuple(self.exclusions),
            cooldown=self.cooldown,
            scripts_off=self.scripts_off,
            unlocked=tuple(self.unlocked),
            dead=tuple(self.dead),
            code=tuple(self.code),
            refused=tuple(self.refused),
        )


def selected(selector: str) -> tuple[str, tuple[str, ...]]:
    """(name, exact versions) of `name`, `name@1.0.0` or `name@1.0.0 || 1.0.1`.

    Whatever is not of that form (an address, a range, a purl) stays one opaque name: it matches no
    release by accident.
    """
    name, at, rest = selector[1:].partition("@")
    versions = tuple(version.strip() for version in rest.split("||"))
    if not at or not all(is_version(version) for version in versions):
        return selector, ()
    return selector[:1] + name, versions


def merged(parts: Iterable[Settings]) -> Settings:
    """Several files' settings as one; of what can stand only once, the first file's holds.

    Scripts are off only where no file says otherwise: which file a manager prefers, its versions
    do not agree on.
    """
    several = tuple(parts)
    return replace(
        Settings(),
        registry=next((part.registry for part in several if part.registry), None),
        scopes={k: v for part in reversed(several) for k, v in part.scopes.items()},
        named_registries={
            k: v for part in reversed(several) for k, v in part.named_registries.items()
        },
        replaced_host=next((part.replaced_host for part in several if part.replaced_host), ""),
        approvals=tuple(chain.from_iterable(part.approvals for part in several)),
        exclusions=tuple(chain.from_iterable(part.exclusions for part in several)),
        cooldown=next((part.cooldown for part in several if part.cooldown), None),
        scripts_off=_is_off({part.scripts_off for part in several} - {None}),
        unlocked=tuple(chain.from_iterable(part.unlocked for part in several)),
        dead=tuple(chain.from_iterable(part.dead for part in several)),
        code=tuple(chain.from_iterable(part.code for part in several)),
        refused=tuple(chain.from_iterable(part.refused for part in several)),
    )


def _is_off(said: set[bool | None]) -> bool | None:
    return False not in said if said else None
