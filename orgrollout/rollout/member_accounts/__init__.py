"""Repairs in member accounts, as steps that are decided from what AWS says."""
