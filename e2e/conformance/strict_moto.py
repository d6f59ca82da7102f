"""moto's server, with one thing that AWS does and moto does not: a key that is not Active is refused.

moto looks a key up by its id alone when it authenticates a call. Here the status is looked at too, and the refusal is
the one that moto gives for an unknown id, as AWS's is.
"""

import sys

from moto.iam import access_control
from moto.server import main

plain_init = access_control.IAMUserAccessKey.__init__


def strict_init(self, account_id, partition, access_key_id, headers):
    plain_init(self, account_id, partition, access_key_id, headers)
    keys = (key for user in self.backend.users.values() for key in user.access_keys)
    if any(key.access_key_id == access_key_id and key.status != "Active" for key in keys):
        raise access_control.CreateAccessKeyFailure(reason="InvalidId")


access_control.IAMUserAccessKey.__init__ = strict_init

main(sys.argv[1:])
