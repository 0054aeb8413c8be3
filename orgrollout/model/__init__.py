"""The words of the domain: values without behaviour of their own, and nothing that touches the world."""
