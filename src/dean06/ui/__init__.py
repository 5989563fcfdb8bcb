"""ui: layout and design system."""
