"""Personal values are sealed before they are stored and unsealed at the edge of a read.

Reading order: sealer.py (events in, sealed bodies out; sealed values in, clear values out), keys.py (the port to the
key store and the bounded cache), postgres.py and its .sql (the key store itself, a database of its own), kms.py (the
port to the master keys), keyring.py and folder.py (these in a file, and a KMS); rotation.py and erasure.py change what
the store keeps.
"""
