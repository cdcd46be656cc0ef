"""Policy files of the tests: those that are read, and those that are refused with their error."""

from __future__ import annotations

HEX = "ab" * 64

VALID = {
    "nothing": "",
    "a preset": 'preset = "strict"\n',
    "durations": '[layers.release-age]\ncooldown = "36 hours"\nfirst-version = "2 weeks"\n',
    "one action for both unknowns": '[layers.lockfile]\non-unknown = "block"\n',
    "two actions for unknowns": (
        '[layers.lockfile]\nrequired = true\non-unknown = { absent = "warn", failed = "block" }\n'
    ),
    "unknowns ignored where not required": (
        '[layers.lockfile]\nrequired = false\non-unknown = "off"\n'
    ),
    "approvals": (
        "[layers.build-scripts]\nfrom-managers = false\ndeny = ['evil-*']\napprove = [\n"
        f'  {{ package = "esbuild", version = "0.25.0", sha512 = "{HEX}", reason = "built" }},\n]\n'
    ),
    "rules": '[rules]\n"lockfile/patched" = "warn"\n"release-age/too-new" = "quarantine"\n',
    "an exemption for known bytes": (
        '[[exemptions]]\nrule = "lockfile/not-bound"\npurl = "pkg:npm/@corp/left@1.0.0"\n'
        f'sha512 = "{HEX}"\nreason = "r"\nowner = "o"\nuntil = 2026-12-01\nadvisory = "CVE-1"\n'
    ),
    "an exemption by pattern": (
        '[[exemptions]]\nrule = "release-age/too-new"\npurl = "pkg:npm/@corp/*@*"\n'
        'reason = "ours"\nowner = "o"\nuntil = 2027-02-20\n'
    ),
    "an expired exemption": (
        '[[exemptions]]\nrule = "release-age/too-new"\npurl = "pkg:npm/left@1.0.0"\n'
        'reason = "r"\nowner = "o"\nuntil = 2020-01-01\n'
    ),
    "hosts and registries": (
        '[hosts]\n"registry.example" = "default"\n"mirror.example:8443" = "corp"\n'
        '[registries.default]\npublish-time = "untrusted"\n'
        '[registries.corp]\nurl = "https://npm.corp.example/x"\nscopes = ["@corp"]\n'
    ),
    "exclusions": '[repository]\nexclude = [{ glob = "fixtures/**", reason = "recorded" }]\n',
    "a layer of a later version, not required": "[layers.sbom]\nrequired = false\n",
}

_EXEMPT = '[[exemptions]]\nrule = "release-age/too-new"\npurl = "pkg:npm/left@1.0.0"\n'
_WHO = 'reason = "r"\nowner = "o"\n'
_COMPLETE = f"{_EXEMPT}{_WHO}until = 2026-12-01\n"

# name -> (text, what the error says, in order)
MISFORMED = {
    "an unknown key": (
        'presets = "strict"\n',
        "pratique.toml:1: presets: ",
        "did you mean preset?",
    ),
    "an unknown preset": ('\npreset = "stict"\n', "pratique.toml:2: preset: ", "mean strict?"),
    "a duration without a unit": (
        "[layers.release-age]\ncooldown = 3\n",
        "pratique.toml:2: layers.release-age.cooldown: 3 is no duration",
        "a bare 7 means days to npm",
    ),
    "a duration in text without a unit": ('[layers.release-age]\ncooldown = "3"\n', ":2: ", "unit"),
    "a duration in another unit": ('[layers.release-age]\ncooldown = "3 months"\n', "'3 months'"),
    "a negative duration": ('[layers.release-age]\ncooldown = "-3 days"\n', "'-3 days'"),
    "an unknown layer": ("[layers.lockfiles]\nrequired = true\n", ":1: ", "mean lockfile?"),
    "an unknown setting": (
        '[layers.release-age]\ncool-down = "3 days"\n',
        "pratique.toml:2: layers.release-age.cool-down: is not a key",
        "did you mean cooldown?",
    ),
    "a required layer of a later version": (
        "[layers.sbom]\nrequired = true\n",
        ":2: layers.sbom.required: this version does not have",
    ),
    "a setting of a layer of a later version": ('[layers.sbom]\nformat = "x"\n', ":2: "),
    "required by a word": ('[layers.lockfile]\nrequired = "yes"\n', "must be true or false"),
    "an unknown rule": (
        '[rules]\n"lockfile/patch" = "warn"\n',
        'pratique.toml:2: rules."lockfile/patch": there is no such rule',
        "did you mean lockfile/patched?",
    ),
    "an unknown action": ('[rules]\n"lockfile/patched" = "warning"\n', ":2: ", "mean warn?"),
    "the action of a loosened policy": ('[rules]\n"policy/loosened" = "off"\n', "cannot be set"),
    "an unknown part of unknowns": (
        '[layers.lockfile]\non-unknown = { absent = "warn", broken = "warn" }\n',
        ":2: ",
        "broken",
    ),
    "an exemption of an unknown rule": (
        _COMPLETE.replace("too-new", "to-new"),
        ":2: ",
        "did you mean release-age/too-new?",
    ),
    "an exemption of what a change loosens": (
        _COMPLETE.replace("release-age/too-new", "policy/loosened"),
        "there is no rule",
    ),
    "an exemption without a reason": (
        f'{_EXEMPT}owner = "o"\nuntil = 2026-12-01\n',
        "pratique.toml:1: exemptions[0]: reason is missing",
    ),
    "an exemption with an empty reason": (
        f'{_EXEMPT}reason = " "\nowner = "o"\nuntil = 2026-12-01\n',
        ":4: exemptions[0].reason",
    ),
    "an exemption without an owner": (f'{_EXEMPT}reason = "r"\nuntil = 2026-12-01\n', "owner is"),
    "an exemption without an end": (f"{_EXEMPT}{_WHO}", "until is missing"),
    "an exemption with an end that is no date": (
        f'{_EXEMPT}{_WHO}until = "soon"\n',
        ":6: ",
        "date",
    ),
    "an exemption with an unknown key": (f"{_COMPLETE}untill = 1\n", "mean until?"),
    "an exemption of no purl": (_COMPLETE.replace("pkg:npm/left@1.0.0", "left@1.0.0"), ":3: "),
    "an exemption of a purl without version": (
        _COMPLETE.replace("left@1.0.0", "left"),
        "no package URL with a version",
    ),
    "a digest in another notation": (f'{_COMPLETE}sha512 = "abc"\n', "hexadecimal"),
    "a registry without a url": (
        '[registries.corp]\nscopes = ["@corp"]\n',
        ":1: ",
        "url is missing",
    ),
    "a registry of another scheme": ('[registries.corp]\nurl = "ftp://x/"\n', ":2: ", "base URL"),
    "a registry with credentials": ('[registries.corp]\nurl = "https://a:b@x/"\n', "base URL"),
    "a registry with a variable": ('[registries.corp]\nurl = "https://${X}/"\n', ":2: "),
    "a scope without its sign": (
        '[registries.corp]\nurl = "https://x.example/"\nscopes = ["corp"]\n',
        ":3: ",
        "@corp",
    ),
    "another publish time": ('[registries.default]\npublish-time = "x"\n', ":2: ", "neither"),
    "a host with a scheme": ('[hosts]\n"https://x.example" = "default"\n', ":2: ", "no host"),
    "an exclusion without a reason": (
        '[repository]\nexclude = [{ glob = "a" }]\n',
        ":2: ",
        "reason",
    ),
    "an exclusion above the root": (
        '[repository]\nexclude = [{ glob = "../a", reason = "r" }]\n',
        ":2: ",
        "below the root",
    ),
    "an approval without a reason": (
        '[layers.build-scripts]\napprove = [{ package = "esbuild" }]\n',
        ":2: ",
        "reason",
    ),
    "a table that is none": ("layers = 3\n", ":1: layers: must be a table"),
    "a list that is none": ("exemptions = 3\n", ":1: exemptions: must be a list"),
}

# Refused by the program alone: a schema cannot compare values.
CONTRADICTORY = {
    "a required layer whose unknowns are ignored": (
        '[layers.lockfile]\nrequired = true\non-unknown = "observe"\n',
        "pratique.toml:3: layers.lockfile.on-unknown: absent is observe, and the layer is required",
    ),
    "a layer required under a preset that ignores its unknowns": (
        'preset = "lenient"\n[layers.lockfile]\nrequired = true\n', ":2: ", "is required",
    ),
    "an exemption that lasts too long": (
        _COMPLETE.replace("2026-12-01", "2027-02-21"),
        "pratique.toml:6: exemptions[0].until: 2027-02-21 is further away than 90 days",
        "2027-02-20 is the latest",
    ),
    "an exemption too long for strict": (
        f'preset = "strict"\n{_COMPLETE}'.replace("2026-12-01", "2026-12-23"), "30 days",
    ),
    "the same exemption twice": (_COMPLETE * 2, ":7: exemptions[1]: is there already, at", ":1"),
    "a pattern for a rule about known bytes": (
        _COMPLETE.replace("release-age/too-new", "lockfile/not-bound").replace("left@", "*@"),
        "can be exempted for known bytes only",
    ),
    "a version alone for a rule about known bytes": (
        _COMPLETE.replace("release-age/too-new", "lockfile/digest-mismatch"), "known bytes only",
    ),
    "a pattern with a digest": (
        _COMPLETE.replace("left@1", "left@*") + f'sha512 = "{HEX}"\n', ":3: ", "one digest",
    ),
    "a host of an unknown registry": (
        '[hosts]\n"registry.example" = "defaultt"\n', ":2: ", "did you mean default?",
    ),
    "two registries of one scope": (
        ('[registries.a]\nurl = "https://a.example/"\nscopes = ["@x"]\n'
        '[registries.b]\nurl = "https://b.example/"\nscopes = ["@x"]\n'),
        ":4: ", "@x is served by a already",
    ),
    "a duration beyond ten years": ('[layers.release-age]\ncooldown = "999999 weeks"\n', ":2: "),
}  # fmt: skip

NO_TOML = {
    "a broken line": ('preset = "strict"\nlayers = [\n', "pratique.toml:3: "),
    "a key twice": ('preset = "strict"\npreset = "strict"\n', "pratique.toml:2: "),
    "a deep key": ("a" + ".a" * 50 + " = 1\n", "pratique.toml:1: more than 32 dots"),
    "deep nesting": ("a = " + "[" * 50_000 + "]" * 50_000, "nested too deeply"),
    "too much": ("#" * (1024 * 1024 + 1), "larger than 1048576 bytes"),
}
