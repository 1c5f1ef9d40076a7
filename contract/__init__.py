"""The wire: the only code that the device and the control plane share.

How it is used, beyond the shape of each message:

* A device publishes its birth (`Status`, retained) after every connect, and leaves the matching will with the broker.
* Every `Event` goes through the device's outbox. The control plane inserts (device, boot_id, seq) once, commits, and
  then publishes a `Receipt`: all of that boot up to seq, inclusive, is committed. Only then the device deletes. It
  resends what was not receipted after every connect, and otherwise rarely; what comes twice does no harm.
* An event that cannot be read is kept aside with its reason and receipted like any other: none blocks the outbox.
* The only way down is the retained `Desired` document. Models are announced there and fetched over HTTP.

`messages` has every message, `codec` reads and writes them, `topics` builds and parses topics.
"""
