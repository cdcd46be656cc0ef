from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.ecosystems.npm.manifest import read_object
from pratique.ecosystems.npm.settings import bun, npm, pnpm, yarn_berry, yarn_classic
from pratique.ecosystems.npm.settings.draft import merged, selected
from pratique.ecosystems.npm.settings.durations import DAY, MINUTE, SECOND, duration
from pratique.ecosystems.npm.settings.ini import expanded, has_variable, read_ini
from pratique.ecosystems.npm.settings.named import Named, named
from pratique.errors import ManifestError
from pratique.model.pin import Location, Manager
from pratique.model.project import CodeForm, Settings

NPM = Named(Manager.NPM)


def _npmrc(text: str, package_manager: str = "npm@12.0.0") -> Settings:
    installer = named(package_manager)
    assert installer is not None
    return npm.read_npmrc(text.encode(), ".npmrc", installer)


def _workspace(text: str, package_manager: str = "pnpm@11.0.0") -> Settings:
    installer = named(package_manager)
    assert installer is not None
    return pnpm.read_workspace(text.encode(), "pnpm-workspace.yaml", installer)


def _approved(settings: Settings) -> list[tuple[str, str | None, bool | None, int | None]]:
    return [(a.name, a.version, a.allowed, a.where.line) for a in settings.approvals]


# --- the ini dialect


@pytest.mark.parametrize(
    ("line", "key", "value"),
    [
        ("a=b", "a", "b"),
        (" a = b c ", "a", "b c"),
        ("a", "a", "true"),
        ("a[]=b", "a", "b"),
        ("a = b ; comment", "a", "b"),
        ("a = b # comment", "a", "b"),
        (r"a = b\;c\#d", "a", "b;c#d"),
        (r"a = b\nc", "a", r"b\nc"),
        ('a = "b ; c"', "a", "b ; c"),
        ("a = 'b # c'", "a", "b # c"),
        (r'a = "b\nc"', "a", "b\nc"),
        ("a = b=c", "a", "b=c"),
        ('"a" = b', "a", "b"),
        ("//host.example/:_authToken = x", "//host.example/:_authToken", "x"),
    ],
)
def test_an_ini_line_is_read_as_npm_reads_it(line: str, key: str, value: str) -> None:
    (entry,) = read_ini(line.encode())
    assert (entry.key, entry.value, entry.line) == (key, value, 1)


def test_comments_blank_lines_and_sections_are_no_settings() -> None:
    text = "; one\n# two\n\r\nregistry = x\n[section]\ncafile = y\n"
    assert [(entry.key, entry.line) for entry in read_ini(text.encode())] == [("registry", 4)]


@pytest.mark.parametrize(
    "text",
    [
        " [x]\nregistry = a",
        "\ufeff[x]\nregistry = a",
        "registry = a\nregistry = b\u2028",
        "registry = a\n\x1fregistry = b",
        "registry = a\nregistry[] = b",
        "registry[] = a\nregistry = b",
        "# one\u2028two\n\u00a0registry\ufeff=\u2003a",
    ],
)
def test_what_npm_takes_for_a_setting_is_not_hidden_by_another_line(text: str) -> None:
    entries = [each for each in read_ini(text.encode()) if not each.is_further]
    assert [each.value for each in entries if each.key == "registry"] == ["a"]


def test_an_entry_does_not_show_its_value() -> None:
    (entry,) = read_ini(b"//host.example/:_authToken=s3cret")
    assert "s3cret" not in repr(entry)


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("${A}", "1"),
        ("x${A}y${B}", "x1y2"),
        ("${MISSING}", "${MISSING}"),
        ("${MISSING?}", ""),
        ("${MISSING-x}", "x"),
        ("${A-x}", "1"),
        ("${EMPTY-x}", ""),
        ("${EMPTY:-x}", "x"),
        ("${MISSING:-}", ""),
        (r"\${A}", r"\${A}"),
        ("$A", "$A"),
    ],
)
def test_variables_are_expanded_as_npm_does(text: str, whole: str) -> None:
    assert expanded(text, {"A": "1", "B": "2", "EMPTY": ""}) == whole


def test_an_escaped_variable_is_none() -> None:
    assert has_variable("https://host.example/${A}")
    assert not has_variable(r"https://host.example/\${A}")


# --- managers and durations


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("npm@11.10.0", (Manager.NPM, (11, 10, 0))),
        ("pnpm@9.1.0+sha512.abc", (Manager.PNPM, (9, 1, 0))),
        ("pnpm@12.0.0-rc.8", (Manager.PNPM, (12, 0, 0))),
        ("yarn@1.22.22", (Manager.YARN_CLASSIC, (1, 22, 22))),
        ("yarn@4.0.0", (Manager.YARN_BERRY, (4, 0, 0))),
        ("yarn@*", None),
        ("yarn", None),
        ("bun@*", (Manager.BUN, None)),
        ("npm@^11", (Manager.NPM, (11, 0, 0))),
        ("npm@>=11.2 <13", (Manager.NPM, (11, 2, 0))),
        ("deno@2", None),
        (None, None),
    ],
)
def test_a_manager_is_named_with_its_version(text: str | None, answer: object) -> None:
    assert named(text) == answer


@pytest.mark.parametrize(
    ("value", "unit", "suffixes", "answer"),
    [
        ("7", DAY, False, timedelta(days=7)),
        (7, MINUTE, False, timedelta(minutes=7)),
        (7, SECOND, False, timedelta(seconds=7)),
        ("7d", MINUTE, True, timedelta(days=7)),
        ("7d", MINUTE, False, None),
        ("1.5h", MINUTE, True, timedelta(minutes=90)),
        (0, DAY, False, timedelta(0)),
        (True, DAY, False, None),
        (-1, DAY, False, None),
        ("soon", DAY, True, None),
        (None, DAY, False, None),
        ("999999999999", DAY, False, None),
        (float("inf"), DAY, False, None),
    ],
)
def test_the_same_seven_is_days_minutes_or_seconds(
    value: object, unit: timedelta, suffixes: bool, answer: timedelta | None
) -> None:
    assert duration(value, unit, suffixes=suffixes) == answer


@pytest.mark.parametrize(
    ("selector", "answer"),
    [
        ("esbuild", ("esbuild", ())),
        ("esbuild@0.1.0", ("esbuild", ("0.1.0",))),
        ("@s/x@1.0.0 || 1.0.1", ("@s/x", ("1.0.0", "1.0.1"))),
        ("@s/x", ("@s/x", ())),
        ("x@^1", ("x@^1", ())),
        ("x@git+https://host.example/a.git", ("x@git+https://host.example/a.git", ())),
        ("pkg:pypi/hatchling", ("pkg:pypi/hatchling", ())),
        ("", ("", ())),
    ],
)
def test_a_selector_binds_to_exact_versions_or_is_one_opaque_name(
    selector: str, answer: object
) -> None:
    assert selected(selector) == answer


# --- .npmrc


def test_a_projects_npmrc_may_name_registries() -> None:
    found = _npmrc("registry=https://Registry.example:443/npm\n@corp:registry=http://c.example/")
    assert found.registry == ("https://registry.example/npm/", Location(".npmrc", 1))
    assert found.scopes == {"@corp": ("http://c.example/", Location(".npmrc", 2))}
    assert found.refused == ()


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("//host.example/:_authToken=s3cret", "//host.example/:_authToken"),
        ("//host.example/:_password=s3cret", "//host.example/:_password"),
        ("_auth=s3cret", "_auth"),
        ("cafile=/s3cret", "cafile"),
        ("ca=s3cret", "ca"),
        ("strict-ssl=false", "strict-ssl"),
        ("https-proxy=http://s3cret.example", "https-proxy"),
        ("noproxy=s3cret", "noproxy"),
        ("registry=https://${HOST}/s3cret", "registry"),
        ("@corp:registry=https://host.example/${s3cret}", "@corp:registry"),
        ("registry=ftp://s3cret.example", "registry"),
        ("registry=https://user:s3cret@host.example/", "registry"),
    ],
)
def test_what_a_projects_npmrc_may_not_state_is_refused_without_its_value(
    line: str, key: str
) -> None:
    found = _npmrc(f"; first\n{line}")
    ((refused, why, where),) = found.refused
    assert (refused, where.line) == (key, 2)
    assert why
    assert "s3cret" not in repr(found)


@pytest.mark.parametrize(
    ("line", "manager", "cooldown", "dead"),
    [
        ("min-release-age=7", "npm@11.10.0", timedelta(days=7), False),
        ("min-release-age=7", "npm@11.9.0", None, True),
        ("min-release-age=7", "npm@*", timedelta(days=7), False),
        ("min-release-age=7", "pnpm@10.0.0", None, True),
        ("min-release-age=soon", "npm@12.0.0", None, True),
        ("minimum-release-age=60", "pnpm@10.16.0", timedelta(hours=1), False),
        ("minimum-release-age=60", "pnpm@*", timedelta(hours=1), False),
        ("minimum-release-age=60", "pnpm@10.15.0", None, True),
        ("minimum-release-age=60", "pnpm@11.0.0", None, True),
        ("minimum-release-age=60", "npm@12.0.0", None, True),
    ],
)
def test_a_cooldown_counts_for_the_manager_that_knows_it(
    line: str, manager: str, cooldown: timedelta | None, dead: bool
) -> None:
    found = _npmrc(line, manager)
    assert (found.cooldown[0] if found.cooldown else None) == cooldown
    assert [key.layer for key in found.dead] == (["release-age"] if dead else [])


def test_pnpm_up_to_10_takes_its_lists_from_npmrc() -> None:
    text = "only-built-dependencies[]=esbuild\nnever-built-dependencies[]=core-js"
    assert _approved(_npmrc(text, "pnpm@10.0.0")) == [
        ("esbuild", None, True, 1),
        ("core-js", None, False, 2),
    ]
    later = _npmrc(text, "pnpm@11.0.0")
    assert later.approvals == ()
    assert [(key.key, key.layer) for key in later.dead] == [
        ("only-built-dependencies", "build-scripts"),
        ("never-built-dependencies", "build-scripts"),
    ]


def test_npm_alone_is_told_whose_addresses_to_replace() -> None:
    line = "replace-registry-host=ALWAYS"
    assert _npmrc(line).replaced_host == "always"
    assert _npmrc(line, "pnpm@11.0.0").replaced_host == ""


def test_of_a_list_where_one_address_is_wanted_the_first_holds() -> None:
    evil = _npmrc("registry=https://evil.example/\nregistry[]=https://registry.example/")
    assert evil.registry is not None
    assert evil.registry[0] == "https://evil.example/"


def test_a_setting_whose_name_is_put_together_from_the_environment_is_refused() -> None:
    found = _npmrc("reg${NOPE?}istry=https://evil.example/")
    assert [key for key, _, _ in found.refused] == ["reg${NOPE?}istry"]


@pytest.mark.parametrize(
    ("text", "manager", "answer"),
    [
        ("script-shell=./tools/sh", "npm@12.0.0", ["tools/sh"]),
        ("script-shell=bash", "npm@12.0.0", []),
        ("script-shell=/bin/bash", "npm@12.0.0", []),
        ("git=tools/git", "npm@12.0.0", ["tools/git"]),
        ("git=tools/git", "pnpm@10.0.0", []),
        ("node-options=--no-warnings --require ./x.js -r=./y.js", "npm@12.0.0", ["x.js", "y.js"]),
        ("node-options=--max-old-space-size=4096", "npm@12.0.0", []),
        ("script-shell=./sh", "pnpm@10.0.0", ["sh"]),
        ("script-shell=./sh", "pnpm@11.0.0", []),
    ],
)
def test_a_program_of_the_repository_that_the_manager_is_told_to_run_is_its_code(
    text: str, manager: str, answer: list[str]
) -> None:
    assert [code.path for code in _npmrc(text, manager).code] == answer


def test_pnpms_workspace_file_may_name_such_programs() -> None:
    found = _workspace("scriptShell: ./sh\nnodeOptions: --import ./hook.mjs\n")
    assert [(c.path, c.where.line) for c in found.code] == [("sh", 1), ("hook.mjs", 2)]


@pytest.mark.parametrize(
    ("text", "manager", "answer"),
    [
        ("package-lock=false", "npm@12.0.0", ["package-lock=false"]),
        ("shrinkwrap=false", "npm@10.0.0", ["shrinkwrap=false"]),
        ("package-lock=true", "npm@12.0.0", []),
        ("lockfile=false", "npm@12.0.0", []),
        ("lockfile=false", "pnpm@10.0.0", ["lockfile=false"]),
        ("lockfile=false", "pnpm@11.0.0", []),
        ("package-lock=false", "pnpm@10.0.0", []),
    ],
)
def test_a_setting_that_leaves_the_lockfile_out_is_told(
    text: str, manager: str, answer: list[str]
) -> None:
    assert [said for said, _ in _npmrc(text, manager).unlocked] == answer


def test_pnpm_is_told_to_leave_its_lockfile_out_from_11_on() -> None:
    found = _workspace("a: 1\nlockfile: false\n")
    assert found.unlocked == (("lockfile: false", Location("pnpm-workspace.yaml", 2)),)
    assert _workspace("lockfile: true\n").unlocked == ()
    assert _workspace("lockfile: false\n", "pnpm@10.0.0").unlocked == ()


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("--no-lockfile true", ["--no-lockfile true"]),
        ("--install.no-lockfile true", ["--install.no-lockfile true"]),
        ("--install.update-checksums true", ["--install.update-checksums true"]),
        ("--install.pure-lockfile true", []),
        ("no-lockfile true", []),
        ("--no-lockfile false", []),
    ],
)
def test_options_in_a_yarnrc_that_leave_the_lockfile_out_are_told(
    line: str, answer: list[str]
) -> None:
    found = yarn_classic.read_yarnrc(line.encode(), ".yarnrc")
    assert [said for said, _ in found.unlocked] == answer


def test_a_registry_among_the_options_of_a_yarnrc_is_the_registry() -> None:
    text = b'--install.registry "https://evil.example"\n'
    found = yarn_classic.read_yarnrc(text, ".yarnrc")
    assert found.registry == ("https://evil.example/", Location(".yarnrc", 1))


def test_of_ignore_scripts_stated_twice_the_last_holds() -> None:
    assert _npmrc("ignore-scripts=true\nignore-scripts=false").scripts_off is False
    assert _npmrc("ignore-scripts=false\nignore-scripts").scripts_off is True
    assert _npmrc("").scripts_off is None


def test_scripts_are_off_only_where_no_file_says_otherwise() -> None:
    npmrc = _npmrc("ignore-scripts=true", "pnpm@10.0.0")
    workspace = _workspace("ignoreScripts: false", "pnpm@10.0.0")
    assert merged((Settings(), npmrc)).scripts_off
    assert not merged((workspace, npmrc)).scripts_off
    assert not merged((npmrc, workspace)).scripts_off


def test_ignore_scripts_holds_where_it_is_read() -> None:
    assert _npmrc("ignore-scripts=true").scripts_off
    assert not _npmrc("ignore-scripts=false").scripts_off
    moved = _npmrc("ignore-scripts=true", "pnpm@11.0.0")
    assert not moved.scripts_off
    assert len(moved.dead) == 1


def test_npms_exclusions_and_extension_are_read() -> None:
    found = _npmrc("min-release-age-exclude[]=@corp/*\nextension-file=tools/x.mjs")
    assert [(e.selector, e.where.line) for e in found.exclusions] == [("@corp/*", 1)]
    assert [(c.form, c.path) for c in found.code] == [(CodeForm.NPM_EXTENSION, "tools/x.mjs")]


def test_npms_allow_scripts_is_read() -> None:
    source = b'{"allowScripts": {\n"a@1.0.0": true,\n"b": false,\n"c": "later"}}'
    document, lines = read_object(source, "package.json")
    found = npm.read_allow_scripts(document, lines, "package.json", NPM)
    assert _approved(found) == [
        ("a", "1.0.0", True, 2),
        ("b", None, False, 3),
        ("c", None, None, 4),
    ]
    other = npm.read_allow_scripts(document, lines, "package.json", Named(Manager.BUN))
    assert other.approvals == ()


# --- pnpm


def test_allow_builds_is_read_and_a_placeholder_decides_nothing() -> None:
    found = _workspace(
        "allowBuilds:\n  esbuild: true\n  core-js: false\n"
        "  sharp@0.33.0 || 0.33.1: true\n  nx: set this to true or false\n"
    )
    assert _approved(found) == [
        ("esbuild", None, True, 2),
        ("core-js", None, False, 3),
        ("sharp", "0.33.0", True, 4),
        ("sharp", "0.33.1", True, 4),
        ("nx", None, None, 5),
    ]
    assert {a.manager for a in found.approvals} == {Manager.PNPM}


def test_permissions_override_allow_builds() -> None:
    text = (
        "allowBuilds:\n  a: true\n  b: true\n"
        "permissions:\n  a:\n    build: false\n    skills: true\n"
    )
    assert _approved(_workspace(text, "pnpm@12.11.0")) == [
        ("b", None, True, 3),
        ("a", None, False, 5),
    ]
    assert _approved(_workspace(text, "pnpm@12.10.0")) == [
        ("a", None, True, 2),
        ("b", None, True, 3),
    ]


def test_the_old_lists_are_dead_from_pnpm_11_on() -> None:
    text = "onlyBuiltDependencies:\n  - esbuild\nignoredBuiltDependencies: [core-js]\n"
    assert _approved(_workspace(text, "pnpm@10.5.0")) == [
        ("esbuild", None, True, 2),
        ("core-js", None, False, 3),
    ]
    later = _workspace(text)
    assert later.approvals == ()
    assert [(key.key, key.where.line) for key in later.dead] == [
        ("onlyBuiltDependencies", 1),
        ("ignoredBuiltDependencies", 3),
    ]


def test_pnpms_field_of_the_manifest_is_dead_from_pnpm_11_on() -> None:
    source = b'{"pnpm": {\n"onlyBuiltDependencies": [\n"esbuild"]}}'
    document, lines = read_object(source, "package.json")
    old = pnpm.read_pnpm_field(document, lines, "package.json", Named(Manager.PNPM, (10, 0, 0)))
    assert _approved(old) == [("esbuild", None, True, 3)]
    new = pnpm.read_pnpm_field(document, lines, "package.json", Named(Manager.PNPM, (11, 0, 0)))
    assert [key.key for key in new.dead] == ["pnpm.onlyBuiltDependencies"]
    assert new.approvals == ()


def test_pnpms_cooldown_is_in_minutes_with_its_exclusions() -> None:
    found = _workspace(
        "minimumReleaseAge: 1440\nminimumReleaseAgeExclude:\n  - '@corp/*'\n  - a@1.0.0\n"
    )
    assert found.cooldown == (timedelta(days=1), Location("pnpm-workspace.yaml", 1))
    assert [(e.selector, e.where.line) for e in found.exclusions] == [
        ("@corp/*", 3),
        ("a@1.0.0", 4),
    ]


@pytest.mark.parametrize(
    "text",
    [
        (
            "registries:\n  default: https://a.example/\n  '@corp': https://b.example/x\n"
            "namedRegistries:\n  work: https://c.example/\n"
        ),
        (
            "registries:\n  https://a.example/:\n    scopes: ['@']\n  https://b.example/x:\n"
            "    scopes: ['@corp']\n  https://c.example/:\n    prefix: work\n"
        ),
    ],
)
def test_both_forms_of_pnpms_registries_are_read(text: str) -> None:
    found = _workspace(text)
    assert found.registry is not None
    assert found.registry[0] == "https://a.example/"
    assert {k: v[0] for k, v in found.scopes.items()} == {"@corp": "https://b.example/x/"}
    assert {k: v[0] for k, v in found.named_registries.items()} == {"work": "https://c.example/"}


def test_pnpms_workspace_file_may_not_state_secrets_or_proxies() -> None:
    found = _workspace("httpsProxy: http://p.example\ncafile: /x\nregistry: https://${H}/\n")
    assert [(key, where.line) for key, _, where in found.refused] == [
        ("httpsProxy", 1),
        ("cafile", 2),
        ("registry", 3),
    ]


def test_pnpms_hooks_globs_and_catalogs_are_read() -> None:
    source = (
        b"packages: ['a/*', '!a/b']\npnpmfile: tools/hooks.cjs\n"
        b"catalog:\n  x: ^1\ncatalogs:\n  old:\n    x: ^0\n"
    )
    found = pnpm.read_workspace(source, "sub/pnpm-workspace.yaml", Named(Manager.PNPM))
    assert [(c.form, c.path) for c in found.code] == [(CodeForm.PNPMFILE, "sub/tools/hooks.cjs")]
    assert pnpm.read_packages(source, "w") == ("a/*", "!a/b")
    assert pnpm.read_catalogs(source, "w") == {"default/x": "^1", "old/x": "^0"}


# --- yarn


def test_yarn_1_reads_lines_of_keys_and_quoted_values() -> None:
    text = (
        '# a comment\nregistry "https://registry.example/npm"\n"@corp:registry" "https://c.example"\n'
        'yarn-path ".yarn/yarn.cjs"\nignore-scripts true\n"//h.example/:_authToken" "s3cret"\n'
    )
    found = yarn_classic.read_yarnrc(text.encode(), ".yarnrc")
    assert found.registry == ("https://registry.example/npm/", Location(".yarnrc", 2))
    assert found.scopes["@corp"][0] == "https://c.example/"
    assert [(c.form, c.path, c.where.line) for c in found.code] == [
        (CodeForm.YARN_PATH, ".yarn/yarn.cjs", 4)
    ]
    assert found.scripts_off
    assert [key for key, _, _ in found.refused] == ["//h.example/:_authToken"]
    assert "s3cret" not in repr(found)


@pytest.mark.parametrize(
    "line",
    [
        'registry "https://evil.example"',
        'registry: "https://evil.example"',
        'registry:"https://evil.example"',
        'other, registry "https://evil.example"',
        'other "a" registry "https://evil.example"',
        '"\\u0072egistry" "https://evil.example" # with a comment',
        "registry https://evil.example",
    ],
)
def test_every_form_of_a_line_is_read_that_yarn_1_reads(line: str) -> None:
    found = yarn_classic.read_yarnrc(f'a b\n{line}\nc "registry"\n'.encode(), ".yarnrc")
    assert found.registry == ("https://evil.example/", Location(".yarnrc", 2))


def test_a_member_of_a_group_is_no_setting_of_yarn_1() -> None:
    found = yarn_classic.read_yarnrc(b'group:\n  registry "https://evil.example"\n', ".yarnrc")
    assert found.registry is None


_YARNRC = b"""npmRegistryServer: "https://registry.example"
npmScopes:
  corp:
    npmRegistryServer: "https://c.example"
    npmAuthToken: s3cret
enableScripts: false
yarnPath: .yarn/releases/yarn.cjs
plugins:
  - path: .yarn/plugins/one.cjs
    spec: one
  - .yarn/plugins/two.cjs
npmMinimalAgeGate: 7d
npmPreapprovedPackages: ["@corp/*"]
enableConstraintsChecks: true
httpsProxy: http://p.example
"""


def test_yarns_settings_are_read() -> None:
    found = yarn_berry.read_yarnrc(_YARNRC, ".yarnrc.yml", Named(Manager.YARN_BERRY, (4, 18, 0)))
    assert found.registry == ("https://registry.example/", Location(".yarnrc.yml", 1))
    assert found.scopes == {"@corp": ("https://c.example/", Location(".yarnrc.yml", 4))}
    assert [(c.form, c.path, c.where.line) for c in found.code] == [
        (CodeForm.YARN_PATH, ".yarn/releases/yarn.cjs", 7),
        (CodeForm.YARN_PLUGIN, ".yarn/plugins/one.cjs", 9),
        (CodeForm.YARN_PLUGIN, ".yarn/plugins/two.cjs", 11),
        (CodeForm.YARN_CONSTRAINTS, "yarn.config.cjs", 14),
    ]
    assert found.cooldown == (timedelta(days=7), Location(".yarnrc.yml", 12))
    assert [e.selector for e in found.exclusions] == ["@corp/*"]
    assert [(key, where.line) for key, _, where in found.refused] == [
        ("httpsProxy", 15),
        ("npmScopes.corp.npmAuthToken", 5),
    ]
    assert found.scripts_off
    assert "s3cret" not in repr(found)


def test_yarns_cooldown_is_dead_before_4_10() -> None:
    found = yarn_berry.read_yarnrc(
        b"npmMinimalAgeGate: 7", "y", Named(Manager.YARN_BERRY, (4, 9, 0))
    )
    assert found.cooldown is None
    assert [key.layer for key in found.dead] == ["release-age"]


def test_yarns_approvals_stand_in_dependencies_meta() -> None:
    source = b'{"dependenciesMeta": {\n"a": {"built": true},\n"b@1.0.0": {"built": false},"c": {}}}'
    document, lines = read_object(source, "package.json")
    found = yarn_berry.read_dependencies_meta(document, lines, "p", Named(Manager.YARN_BERRY))
    assert _approved(found) == [("a", None, True, 2), ("b", "1.0.0", False, 3)]


# --- bun


def test_buns_settings_are_read() -> None:
    text = (
        b"[install]\nminimumReleaseAge = 86400\nminimumReleaseAgeExcludes = ['a']\n"
        b"registry = 'https://registry.example'\n[install.scopes]\n"
        b"corp = { url = 'https://c.example', token = 's3cret' }\n'@x' = '$REGISTRY'\n"
    )
    found = bun.read_bunfig(text, "bunfig.toml")
    assert found.cooldown == (timedelta(days=1), Location("bunfig.toml", 2))
    assert [e.selector for e in found.exclusions] == ["a"]
    assert found.registry == ("https://registry.example/", Location("bunfig.toml", 4))
    assert found.scopes == {"@corp": ("https://c.example/", Location("bunfig.toml", 6))}
    assert [(key, where.line) for key, _, where in found.refused] == [
        ("install.scopes.corp.token", 6),
        ("install.scopes.@x", 7),
    ]
    assert "s3cret" not in repr(found)


@pytest.mark.parametrize(
    "line",
    [
        "NPM_CONFIG_REGISTRY=https://evil.example",
        "BUN_CONFIG_REGISTRY = 'https://evil.example' # why",
        'export npm_config_registry="https://evil.example/"',
    ],
)
def test_the_registry_that_a_file_of_variables_gives_bun_is_read(line: str) -> None:
    found = bun.read_environment(f"TOKEN=s3cret\n{line}\nA=b\n".encode(), ".env")
    assert found.registry == ("https://evil.example/", Location(".env", 2))
    assert "s3cret" not in repr(found)


def test_such_a_registry_taken_from_another_variable_is_refused() -> None:
    for value in ("$OTHER", "https://${OTHER}/"):
        found = bun.read_environment(f"NPM_CONFIG_REGISTRY={value}\n".encode(), ".env")
        assert found.registry is None
        assert [key for key, _, _ in found.refused] == ["registry"]


def test_buns_trusted_dependencies_are_approvals() -> None:
    document, lines = read_object(b'{"trustedDependencies": [\n"esbuild"]}', "package.json")
    found = bun.read_trusted(document, lines, "package.json", Named(Manager.BUN))
    assert _approved(found) == [("esbuild", None, True, 2)]


# --- all of them


def test_of_several_files_the_first_one_holds() -> None:
    near = _npmrc("registry=https://near.example/\nmin-release-age=1")
    far = _npmrc("registry=https://far.example/\n@a:registry=https://a.example/\nmin-release-age=9")
    found = merged([near, far])
    assert found.registry is not None
    assert found.registry[0] == "https://near.example/"
    assert found.cooldown is not None
    assert found.cooldown[0] == timedelta(days=1)
    assert set(found.scopes) == {"@a"}


@pytest.mark.parametrize(
    ("read", "source", "line"),
    [
        (npm.read_npmrc, b"a=1\n\xff", 2),
        (pnpm.read_workspace, b"a: 1\n- b", 2),
        (pnpm.read_workspace, b"- a", 1),
        (pnpm.read_workspace, b"a: 1\n---\nb: 1", 2),
        (yarn_berry.read_yarnrc, b"a: 1\na: 2", 2),
        (lambda source, path, _: yarn_classic.read_yarnrc(source, path), b"\xff", 1),
        (lambda source, path, _: bun.read_bunfig(source, path), b"a = 1\nb =", 2),
        (lambda source, path, _: bun.read_bunfig(source, path), b"a = " + b"[" * 5000, 1),
        (lambda source, path, _: bun.read_bunfig(source, path), b"x." * 30000 + b"=1", 1),
    ],
)  # fmt: skip
def test_a_malformed_settings_file_is_refused_with_its_line(
    read: object, source: bytes, line: int
) -> None:
    assert callable(read)
    with pytest.raises(ManifestError) as refused:
        read(source, "sub/file", NPM)
    assert refused.value.file == "sub/file"
    assert refused.value.line is not None
    assert abs(refused.value.line - line) <= 1


@given(st.text(max_size=200))
def test_no_text_of_a_project_shows_a_secret_or_raises_anything_else(text: str) -> None:
    source = f"{text}\n//h.example/:_authToken=s3cret\n".encode()
    try:
        found = npm.read_npmrc(source, ".npmrc", NPM)
    except ManifestError:
        return
    assert "s3cret" not in repr(found)
