"""The words of the domain: values with no behaviour of the world in them."""
