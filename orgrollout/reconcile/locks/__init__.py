"""Which process and which rollout may act: leases held, takeovers, rollouts side by side."""
