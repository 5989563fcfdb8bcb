"""OpenAPI documents of services: what one must hold, and what a new version breaks."""
