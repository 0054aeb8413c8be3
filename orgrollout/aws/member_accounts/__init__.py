"""What is read and changed in member accounts."""
