"""The options of each command: cheap to import, so that `--help` and mistakes are fast.

A command is declared in `serving` or `cassettes`; its work is a function in `tokentape.commands`,
which is imported when it is needed.
"""
