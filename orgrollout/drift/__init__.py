"""What is not as deployed: classed, remembered, and how each of it is repaired. Pure."""
