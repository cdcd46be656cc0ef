"""`pratique serve`: the registry firewall."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypedDict, Unpack

import click

from pratique.cli import databases, streams
from pratique.config import POLICY_FILE, read_policy
from pratique.errors import UsageError
from pratique.gather.configured import stated_by
from pratique.gather.user import user_registries
from pratique.model.duration import parse_duration
from pratique.model.policy import Policy
from pratique.model.registry import Registries, normalised
from pratique.model.size import parse_size


class _Options(TypedDict):
    host: str
    port: int
    upstream: str | None
    data: Path | None
    database: str | None
    blobs: str | None
    blobs_endpoint: str | None
    policy: Path | None
    public_url: str | None
    allow_hosts: tuple[str, ...]
    store_limit: str
    enforce: bool
    dry_layers: tuple[str, ...]
    effect: str
    fresh: str
    stale: str
    wait: str
    upstream_timeout: str | None
    anonymous: bool
    login_limit: int
    publish_limit: int


_HOST = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9.-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_PATH: Any = click.Path(path_type=Path)
_OPTIONS: tuple[Callable[..., Any], ...] = (
    click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on."),
    click.option(
        "--port",
        type=click.IntRange(0, 65535),
        default=4873,
        show_default=True,
        help="Port to listen on; 0 takes a free one.",
    ),
    click.option(
        "--upstream", metavar="URL", help="The registry behind it; else the one you configured."
    ),
    click.option(
        "--data",
        metavar="DIR",
        type=_PATH,
        help="Its folder: artifacts and records; else PRATIQUE_DATA, else that of your data.",
    ),
    databases.OPTION,
    click.option(
        "--blobs",
        metavar="s3://BUCKET/PREFIX",
        help="Keep artifacts in a bucket, too, which several firewalls share.",
    ),
    click.option(
        "--blobs-endpoint", metavar="URL", help="The S3-compatible service that has the bucket."
    ),
    click.option(
        "--policy", metavar="FILE", type=_PATH, help="Judge by FILE instead of pratique.toml."
    ),
    click.option("--public-url", metavar="URL", help="The address under which clients reach it."),
    click.option(
        "--allow-host",
        "allow_hosts",
        metavar="HOST[:PORT]",
        multiple=True,
        help="Another Host header that is answered (repeatable); every other one gets 421.",
    ),
    click.option(
        "--store-limit",
        metavar="SIZE",
        default="20 GiB",
        show_default=True,
        help="Artifacts beyond this are dropped, least recently used first; own ones never.",
    ),
    click.option(
        "--enforce/--dry-run",
        default=True,
        help="Refuse what the policy refuses, or only put on record what would be refused.",
    ),
    click.option(
        "--dry-run-layer",
        "dry_layers",
        metavar="NAME",
        multiple=True,
        help="Only record what this layer refuses (repeatable).",
    ),
    click.option(
        "--effect",
        type=click.Choice(("hide", "soft", "advise")),
        default="hide",
        show_default=True,
        help="How refused releases show in metadata; their artifacts are refused in any case.",
    ),
    click.option(
        "--fresh",
        metavar="DURATION",
        default="5 minutes",
        show_default=True,
        help="So long an upstream's document is not asked for again.",
    ),
    click.option(
        "--stale",
        metavar="DURATION",
        default="1 day",
        show_default=True,
        help="So long a stored document stands in for an upstream that does not answer.",
    ),
    click.option(
        "--wait",
        metavar="DURATION",
        default="15 seconds",
        show_default=True,
        help="So long a request waits for an analysis.",
    ),
    click.option(
        "--upstream-timeout",
        metavar="DURATION",
        help="Ask an upstream that is silent for so long once more, then give up; else 30 seconds,"
        " four times.",
    ),
    click.option(
        "--anonymous/--no-anonymous",
        default=True,
        help="Whether who presents no token may read.",
    ),
    click.option(
        "--login-limit",
        type=click.IntRange(0, 100_000),
        default=30,
        show_default=True,
        help="Refused logins and tokens a minute from one address before 429; 0: no limit.",
    ),
    click.option(
        "--publish-limit",
        type=click.IntRange(0, 100_000),
        default=600,
        show_default=True,
        help="Changes of packages a minute with one token before 429; 0: no limit.",
    ),
)


def _with_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@click.command(
    epilog="""\b
Examples:
  pratique serve                        on 127.0.0.1:4873, before your own registry
  pratique serve --dry-run              refuse nothing, record what would be refused
  pratique serve --policy firewall.toml --data /var/lib/pratique
  pratique setup npm                    points a project at it
"""
)
@_with_options
def command(**options: Unpack[_Options]) -> int:
    """Serve a registry in which only what the policy admits can be seen and installed.

    Prints its address when it is ready. SIGHUP reads the policy again.
    """
    try:
        from pratique.proxy.running import create_app, listen, serve, utc_now  # noqa: PLC0415
    except ImportError as error:
        hint = 'pip install "pratique[proxy]"'
        raise UsageError(f"the firewall needs {error.name}", hint=hint) from None
    with listen(options["host"], options["port"]) as listening:
        running = create_app(_settings(options, listening.getsockname()[1]), utc_now)
        ready = f"pratique serves {running.settings.public_url}\n"
        try:
            serve(running, listening, partial(streams.print_text, ready))
        finally:
            running.close()
    return 0


def _settings(options: _Options, port: int) -> Any:
    from pratique.layers import TITLES  # noqa: PLC0415 - only where it is used
    from pratique.proxy.limits import Rates  # noqa: PLC0415 - an extra's
    from pratique.proxy.settings import (  # noqa: PLC0415 - an extra's
        Effect,
        Enforcement,
        Freshness,
        Settings,
    )
    from pratique.store import pinned  # noqa: PLC0415 - only where it is used
    from pratique.store.firewall.opening import data_folder  # noqa: PLC0415

    policy = read_policy_file(options["policy"])
    host = options["host"]
    shown = f"[{host}]" if ":" in host else host
    public = normalised(options["public_url"] or f"http://{shown}:{port}/")
    if public is None:
        raise UsageError("--public-url is no http(s) address")
    if unknown := [each for each in options["dry_layers"] if each not in TITLES]:
        hint = f"the layers are {', '.join(TITLES)}"
        raise UsageError(f"{unknown[0]!r} is no layer", hint=hint)
    enforcement = Enforcement(
        effect=Effect(options["effect"]),
        dry_run=not options["enforce"],
        dry_layers=frozenset(options["dry_layers"]),
    )
    return Settings(
        data=options["data"] or data_folder(os.environ),
        policy=policy,
        registries=_registries(policy, options["upstream"], public),
        public_url=public,
        enforcement=enforcement,
        freshness=Freshness(fresh=_span(options["fresh"]), stale=_span(options["stale"])),
        patience=_span(options["wait"]),
        upstream_patience=_span(timeout) if (timeout := options["upstream_timeout"]) else None,
        size_limit=_size(options["store_limit"]),
        anonymous=options["anonymous"],
        hosts=frozenset(map(_host, options["allow_hosts"])),
        rates=Rates(failures=options["login_limit"], publishes=options["publish_limit"]),
        policy_folder=(options["policy"] or Path("pratique.toml")).parent,
        reload=lambda: read_policy_file(options["policy"]),
        database=databases.address(options["database"]),
        bucket=_bucket(options["blobs"], options["blobs_endpoint"]),
        trust=pinned.location(os.environ),
    )


def _registries(policy: Policy, upstream: str | None, public: str) -> Registries:
    stated = stated_by(policy)
    if upstream is None:
        found = user_registries(os.environ, stated)
    else:
        # What stands on the command line needs no other default, and is the user's own.
        stated.default = normalised(upstream)
        if stated.default is None:
            raise UsageError("--upstream is no http(s) address")
        found = user_registries(os.environ, stated)
        found = replace(found, not_the_users=found.not_the_users - {stated.default})
    if public in {found.default, *found.scopes.values()}:
        hint = "name the registry behind it: pratique serve --upstream URL"
        raise UsageError("the firewall would be its own upstream", hint=hint)
    return found


def _span(text: str) -> timedelta:
    """Seconds, too, which no policy needs."""
    number, _, unit = text.partition(" ")
    if unit in {"second", "seconds"} and number.isdecimal() and len(number) < 6:
        return timedelta(seconds=int(number))
    found = parse_duration(text)
    if found is None:
        raise UsageError(f"{text!r} is no duration", hint='for example "15 seconds" or "2 hours"')
    return found


def _bucket(url: str | None, endpoint: str | None) -> Any:
    from pratique.model.bucket import bucket_of  # noqa: PLC0415 - only where it is used

    if url is None:
        return None
    found = bucket_of(url, endpoint, os.environ)
    if isinstance(found, str):
        raise UsageError(found)
    return found


def _size(text: str) -> int:
    found = parse_size(text)
    if not found:
        raise UsageError(f"{text!r} is no size", hint='for example "20 GiB" or "500 MB"')
    return found


def _host(text: str) -> str:
    """A Host header as it is compared: lower case, with the port where it is not the scheme's."""
    if not _HOST.fullmatch(text):
        raise UsageError(f"{text!r} is no host", hint='for example "npm.corp.example:8080"')
    return text.lower()


def read_policy_file(named: Path | None) -> Policy:
    """The policy: of the file that is named, else of pratique.toml here, else the preset alone."""
    path = named or Path(POLICY_FILE)
    try:
        source = path.read_bytes()
    except FileNotFoundError:
        if named is not None:
            raise UsageError(f"{named} is not there") from None
        return read_policy(None, POLICY_FILE, now=datetime.now(UTC))  # noqa: TID251 - of a start
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    return read_policy(source, str(path), now=datetime.now(UTC))  # noqa: TID251 - of a start
