"""Repairs inside member accounts, as steps that are decided from what AWS says."""
