"""pratique: a supply-chain firewall for the dependencies of JavaScript projects."""
