"""What is read and changed inside member accounts."""
