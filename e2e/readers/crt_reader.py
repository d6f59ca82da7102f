"""Asks the AWS Common Runtime: see readers.ts for what goes in and out."""

import sys

from awscrt.auth import AwsCredentialsProvider
from awscrt.io import ClientBootstrap, DefaultHostResolver, EventLoopGroup

group = EventLoopGroup(1)
bootstrap = ClientBootstrap(group, DefaultHostResolver(group))


def read(credentials, config, profile):
    try:
        provider = AwsCredentialsProvider.new_profile(
            bootstrap, profile_name=profile, config_filepath=config, credentials_filepath=credentials
        )
        pair = provider.get_credentials().result(10)
    except Exception:
        return '-'
    return f'{pair.access_key_id.encode().hex()}:{pair.secret_access_key.encode().hex()}'


for line in sys.stdin:
    credentials, config, names = line.rstrip('\n').split('\t')
    answers = [read(credentials, config, bytes.fromhex(name).decode()) for name in names.split(',')]
    print(','.join(answers), flush=True)
