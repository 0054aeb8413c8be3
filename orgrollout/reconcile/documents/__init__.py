"""What the journal keeps, one module for one kind of document."""
