"""The one way to moto: stacks and their resources in every account and Region."""
