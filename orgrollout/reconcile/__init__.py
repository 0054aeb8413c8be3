"""Where decisions meet the world: plans are made from what is there, and ticks carry them out."""
