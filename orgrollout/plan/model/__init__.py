"""What a plan is made of, and its form as a document."""
