"""tokentape's own routes: health, and the admin port."""
