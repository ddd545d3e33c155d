"""Notifications tells each person in their language what concerns them: in the inbox, and by mail that it is there.

An event becomes a message in steps that each survive a kill: reactions.py (event → a telling that waits until its day,
if that is to come), teller.py (telling → NotificationSent and a mail to send), outbox.py (mail → SMTP, until taken).

Reading order: app.py (how it is put together), api.py (routes), tellings.py (which event tells whom), messages.py (the
words, with locale/), notification.py and preferences.py (the rules), inbox.py (what the list shows), then the steps.
"""
