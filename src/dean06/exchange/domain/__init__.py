"""The message protocol, agreements and signatures as pure functions: no Django, no HTTP library."""
