"""oras-py as a program of its own, so that it can run on a host of the lab.

`python -m tests.clients.oras_client push|pull TARGET PATH USER PASSWORD AUTHORITY`
"""

import sys

from oras.auth.utils import parse_auth_header
from oras.provider import Registry


def main(action: str, target: str, path: str, user: str, password: str, authority: str) -> int:
    host, _, name = target.rpartition(":")[0].partition("/")
    client = Registry(hostname=host, tls_verify=authority, auth_backend="token")
    client.auth.set_basic_auth(user, password)
    try:
        # It never asks for more than its first token holds, and its first question of a push is a HEAD.
        scope = f"repository:{name}:{'pull,push' if action == 'push' else 'pull'}"
        challenge = f'Bearer realm="https://{host}/oauth2/token",service="{host}",scope="{scope}"'
        token = client.auth.request_token(parse_auth_header(challenge))
        if not token:  # it would go on asking without one for two minutes
            raise ValueError("There is no token for us.")
        client.auth.set_token_auth(token)
        if action == "push":
            client.push(target=target, files=[path], disable_path_validation=True)
        else:
            client.pull(target=target, outdir=path)
    except Exception as error:  # noqa: BLE001 - whatever it says, a person would read it too
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
