"""The options of each command: cheap to import, so that `--help` and mistakes are fast."""
