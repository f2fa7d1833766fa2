"""A Django site with SimpleJWT, as the peer of the program: what it is differs by the JSON file that INTEROP_SITE names."""
