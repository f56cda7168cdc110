"""Generates the catalog of Stripe's /v1 from the official SDK: `python -m catalog`.

    releases    downloads the SDK's releases, and unpacks them
    sdk         reads one release: routes, and the fields of requests and of objects
    union       joins releases
    classes     the rules that give each field its class
    writing     the form in which it is committed

Development only: the package reads what was committed, and knows nothing of this.
"""
