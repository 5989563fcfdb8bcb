"""The OpenID Provider as pure functions: (request, client, session, now) in, a decision out. No Django, no HTTP library."""
