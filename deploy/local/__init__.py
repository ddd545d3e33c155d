"""Real servers on one machine without Docker, everything below one folder (`.local` of the checkout).

Reading order: instance (up, down, state: what others call) · supervisor (starts, watches, restarts, stops) · parts (the
table of what runs) · settings (what each is told) · postgres, kafka, issuer, mail (one server each) · child, folder,
ports, jars, probe (what they stand on).
"""
