"""A host in memory, in the shape of the generated bindings."""
