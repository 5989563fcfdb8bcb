"""Screens for citizens, officers and strangers."""
