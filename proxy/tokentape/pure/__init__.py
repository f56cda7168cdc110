"""The functional core: values in, values out. No I/O, clock, randomness or logging in here."""
