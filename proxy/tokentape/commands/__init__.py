"""The commands. To add one takes its module, and a line in `__main__`.

The module of a command (`scan`) has its options and its help, and returns what is to be run. All of
them are imported for `--help`, so they import nothing slow. The work is in a module beside it
(`scanning`), imported once the options are good: values, and the lines that they are printed as.
"""
