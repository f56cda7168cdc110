"""Edges: each module knows one outside thing and none of its siblings."""
