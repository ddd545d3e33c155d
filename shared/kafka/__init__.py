"""From a service's store to Kafka, and from Kafka to whoever builds on what happened.

Reading order: records.py (what stands in a record), relay.py and leader.py (store → topic), consumer.py (topic → models
and reactions), reactions.py, parked.py. Then marks.py and freshness.py (how current a model is), rebuild.py,
reconcile.py.
"""
