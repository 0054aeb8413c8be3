"""What a person sees and answers: lines, progress, questions."""
