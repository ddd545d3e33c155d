"""The kernel: what every service is built with."""
