"""What scanning and loading judge by: does a text say only what redaction writes?"""
