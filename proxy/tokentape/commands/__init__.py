"""What each command does: values first, then lines for people or programs."""
