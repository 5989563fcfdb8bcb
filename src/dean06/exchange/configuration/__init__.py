"""The signed configuration: one document of the central registry that gateways anywhere verify and go by."""
