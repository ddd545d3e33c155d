"""The services: each owns its facts, records them as events and publishes them."""
