"""Programs that show what orgrollout does, in a simulated organization."""
