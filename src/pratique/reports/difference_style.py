"""The look of the comparison's page: one style sheet, bound to the page by its digest.

Colour never says anything alone. Code stands in the order of its characters whatever their script
(`bidi-override`). On a narrow screen the two sides stand below each other; printed, all is open.
"""

from __future__ import annotations

import base64
import hashlib

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #fbfaf6; --card: #ffffff; --ink: #1c2430; --soft: #5a6472; --line: #dfdcd2;
  --link: #0b5a9c; --shade: #f3f1ea;
  --plus: #e3f5e6; --plus-ink: #11592b; --minus: #fdeaea; --minus-ink: #8f1d1d; --mark: #ffe58a;
  --block: #a61b1b; --quarantine: #74329c; --warn: #855300; --allow: #17662f;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #14181e; --card: #1b2028; --ink: #e4e7eb; --soft: #9ea9b6; --line: #343c47;
    --link: #7fbdf2; --shade: #222933;
    --plus: #14331f; --plus-ink: #8fdca4; --minus: #3d1c1f; --minus-ink: #f2a3a3;
    --mark: #6a5300;
    --block: #ff8a80; --quarantine: #d7a4f5; --warn: #f0bd5a; --allow: #7fd496;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 84rem; padding: 1.5rem clamp(0.9rem, 3vw, 2.5rem) 4rem;
  background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif;
  overflow-wrap: anywhere;
}
code, .code td { font-family: ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; }
code { font-size: 0.9em; direction: ltr; unicode-bidi: bidi-override; white-space: pre-wrap; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 3px; }
h1 { font-size: clamp(1.4rem, 4vw, 2rem); line-height: 1.2; margin: 0.2rem 0 0.6rem; }
h1 span { color: var(--soft); font-weight: 400; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 0.7rem; }
h2 small { font-weight: 400; color: var(--soft); }
p, ul, ol { margin: 0.4rem 0; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 0.5rem; top: 0.5rem; background: var(--card); padding: 0.4rem 0.8rem; }
.by { color: var(--soft); margin: 0; }
.verdict { display: flex; flex-wrap: wrap; gap: 0.4rem 0.8rem; align-items: center; margin: 0; }
.badge {
  border: 2px solid currentColor; border-radius: 0.4rem; padding: 0.05rem 0.7rem;
  font-weight: 700; letter-spacing: 0.04em;
}
.block { color: var(--block); } .quarantine { color: var(--quarantine); }
.warn { color: var(--warn); } .allow { color: var(--allow); } .observe { color: var(--soft); }
nav ul { display: flex; flex-wrap: wrap; gap: 0.3rem 1.1rem; padding: 0; list-style: none; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.2rem 1.2rem; margin: 1rem 0; }
dt { color: var(--soft); } dd { margin: 0; } dd ul { margin: 0; padding-left: 1.1rem; }
.reasons { list-style: none; padding: 0; }
.reasons li {
  background: var(--card); border: 1px solid var(--line); border-radius: 0.4rem;
  padding: 0.45rem 0.8rem; margin: 0.4rem 0;
  display: grid; grid-template-columns: 7.4rem minmax(0, 1fr); align-items: baseline;
}
.reasons .word {
  text-transform: uppercase; font-weight: 700; font-size: 0.85rem; letter-spacing: 0.04em;
}
.reasons small, .note { color: var(--soft); }
details {
  background: var(--card); border: 1px solid var(--line); border-radius: 0.5rem;
  margin: 0.6rem 0; padding: 0 0.9rem;
}
details[open] { padding-bottom: 0.8rem; }
summary { cursor: pointer; padding: 0.55rem 0; }
summary code { font-weight: 700; }
.tier {
  display: inline-block; min-width: 4.2rem; text-align: center; margin-right: 0.5rem;
  border: 1px solid currentColor; border-radius: 0.3rem; font-size: 0.85rem;
}
.tier-a { color: var(--block); } .tier-b { color: var(--warn); } .tier-c { color: var(--soft); }
figure { margin: 0.5rem 0 1rem; }
figcaption { margin-bottom: 0.25rem; }
table { border-collapse: collapse; width: 100%; }
.plain th, .plain td {
  text-align: left; vertical-align: top; padding: 0.35rem 0.7rem 0.35rem 0;
  border-bottom: 1px solid var(--line);
}
.plain thead th { white-space: nowrap; }
.plain td.number { font-variant-numeric: tabular-nums; }
del, ins {
  text-decoration: none; padding: 0 0.25rem; border-radius: 0.2rem;
  box-decoration-break: clone;
}
del { background: var(--minus); color: var(--minus-ink); }
ins { background: var(--plus); color: var(--plus-ink); }
.code { table-layout: fixed; border: 1px solid var(--line); font-size: 0.82rem; line-height: 1.45; }
.code col.n { width: 5.6rem; }
.code th {
  text-align: left; font-weight: 600; padding: 0.2rem 0.6rem; background: var(--shade);
  font-family: system-ui, sans-serif;
}
.code td { vertical-align: top; padding: 0.05rem 0.5rem; }
.code td.n {
  text-align: right; color: var(--soft); user-select: none; white-space: nowrap;
  border-left: 1px solid var(--line);
}
.code code { font-size: 1em; }
.removed .old, .altered .old { background: var(--minus); }
.added .new, .altered .new { background: var(--plus); }
.removed .old.n, .altered .old.n { color: var(--minus-ink); }
.added .new.n, .altered .new.n { color: var(--plus-ink); }
.seen .new.n { font-weight: 700; }
.gap td { text-align: center; color: var(--soft); background: var(--shade); }
mark { background: var(--mark); color: inherit; border-radius: 0.15rem; }
.hidden {
  box-decoration-break: clone;
  font-weight: 700; color: var(--paper); background: var(--block); border-radius: 0.2rem;
  padding: 0 0.15rem; font-size: 0.85em;
}
.type { background: var(--shade); padding: 0.5rem 0.8rem; border-radius: 0.4rem; display: block; }
footer { margin-top: 3rem; color: var(--soft); font-size: 0.9rem; }
@media (max-width: 52rem) {
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 0.4rem; }
  .code, .code tbody { display: block; }
  .code colgroup, .code thead { display: none; }
  .code tr { display: grid; grid-template-columns: 4.6rem minmax(0, 1fr); }
  .code tr.gap { display: block; } .code tr.gap td { display: block; }
  .same .old, .added .old, .removed .new { display: none; }
  .code code { word-break: break-all; }
}
@media (max-width: 36rem) {
  .reasons li { display: block; }
  .stack, .stack tbody, .stack tr, .stack td, .stack th { display: block; }
  .stack thead { display: none; }
  .stack tr { border-bottom: 1px solid var(--line); padding: 0.3rem 0; }
  .stack th, .stack td { border: 0; padding: 0.05rem 0; }
}
@media print {
  :root { color-scheme: light; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav, .skip { display: none; }
  details::details-content { content-visibility: visible; display: block; block-size: auto; }
  .reasons li, .code tr, .plain tr { break-inside: avoid; }
  h2, summary, figcaption { break-after: avoid; }
}
"""

DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode("utf-8")).digest()).decode("ascii")
POLICY = (
    f"default-src 'none'; script-src 'none'; img-src 'none'; style-src 'sha256-{DIGEST}'; "
    "base-uri 'none'; form-action 'none'"
)
"""Content policy (CSP level 3): this style sheet, and nothing else from anywhere."""
