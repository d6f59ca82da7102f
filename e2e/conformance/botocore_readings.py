"""Reads credentials and config files with botocore: one JSON object {which, bytes} a line in, what it makes of it out."""

import base64
import json
import os
import sys
import tempfile

from botocore import configloader
from botocore.exceptions import ConfigParseError


def read(which, path):
    try:
        if which == 'credentials':
            return {'sections': configloader.raw_config_parse(path)}
        loaded = configloader.load_config(path)
        profiles = loaded.pop('profiles')
        rest = {f'other {kind}': {'value': value} for kind, value in loaded.items()}
        return {'sections': {**profiles, **rest}}
    except ConfigParseError as error:
        return {'error': type(error).__name__}


def main():
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, 'file')
        for line in sys.stdin:
            case = json.loads(line)
            with open(path, 'wb') as out:
                out.write(base64.b64decode(case['bytes']))
            print(json.dumps(read(case['which'], path)))


main()
