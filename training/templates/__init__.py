"""Texts made from templates: model card and report."""
