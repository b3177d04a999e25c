"""Location of the thing in a picture, and the crop around it that is compared."""
