"""What a plan refuses, warns of, and must still be true when it is carried out."""
