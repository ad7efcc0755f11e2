"""Where users' own code runs: without network, credentials, or anything of the machine it does not need."""
