"""identity: accounts, levels, authentication, OpenID Provider."""
