"""Race of `own_folder` against a script of an evening, on folders of many kinds."""
