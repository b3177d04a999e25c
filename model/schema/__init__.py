"""Parts of the schema of `manifest.json`, which `model.manifest` puts together."""
