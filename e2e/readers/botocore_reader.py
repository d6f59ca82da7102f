"""Asks botocore, on which boto3 and the AWS CLI are built: see readers.ts for what goes in and out."""

import sys

from botocore import configloader
from botocore.credentials import ConfigProvider, SharedCredentialProvider
from botocore.exceptions import ConfigParseError, PartialCredentialsError


def providers(credentials, config, profile):
    yield SharedCredentialProvider(credentials, profile, configloader.raw_config_parse)
    yield ConfigProvider(config, profile, configloader.load_config)


def read(credentials, config, profile):
    try:
        # A session reads both before it looks at either.
        configloader.load_config(config)
        for provider in providers(credentials, config, profile):
            pair = provider.load()
            if pair:
                return f'{pair.access_key.encode().hex()}:{pair.secret_key.encode().hex()}'
    except (ConfigParseError, PartialCredentialsError):
        pass
    return '-'


for line in sys.stdin:
    credentials, config, names = line.rstrip('\n').split('\t')
    answers = [read(credentials, config, bytes.fromhex(name).decode()) for name in names.split(',')]
    print(','.join(answers), flush=True)
