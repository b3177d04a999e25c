"""The gallery: enrolled identities in a store, which one setting switches on."""
