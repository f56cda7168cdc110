"""The commands. To add one takes its module, and a line in `__main__`.

The module of a command (`scan`) has its options, its help and a frozen value that runs it. All of
them are loaded for `--help`, so they import nothing slow. What does the work is a module beside it
(`scanning`), loaded when the options are known to be good: it returns values, and lines for them.
"""
