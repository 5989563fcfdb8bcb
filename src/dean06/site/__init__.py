"""site: settings, addresses, middleware, wiring: the only place that knows every module."""
