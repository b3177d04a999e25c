"""Templates of model card, report and pages."""
