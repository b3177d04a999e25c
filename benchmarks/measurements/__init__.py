"""What is measured, one noun a module; each has `ABOUT`, its text on the page, and `measure`."""
