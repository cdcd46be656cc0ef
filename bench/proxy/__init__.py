"""What the firewall's load costs, beside Verdaccio 6 and nginx."""
