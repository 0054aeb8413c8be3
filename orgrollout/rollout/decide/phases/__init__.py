"""The phases of a rollout: what each must observe, and how it decides its next step."""
