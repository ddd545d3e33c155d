"""From a service's store to Kafka, and from Kafka to whoever builds on what happened.

Reading order: records.py (what stands in a record), relay.py (store → topic), consumer.py (topic → models and
reactions, through delivery.py), checkpoints.py (what was applied, exactly once). Then freshness.py (how current a model
is), rebuild.py, reconcile.py.
"""
