"""The whole service without AWS: `make service-demo`."""
