"""Verdaccio's tests of a registry, run against Verdaccio and the firewall: `make e2e-verdaccio`.

Both get the same flags, the same clients and an upstream that the tests start themselves. Every
test that Verdaccio passes has to pass here. The tables go into docs/registry-tests.md.
"""
