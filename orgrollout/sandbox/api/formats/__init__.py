"""The formats of requests and responses: protocols, shapes, and the checks of inputs."""
