"""nftables itself reads what it is told."""

import os
import shutil
import subprocess
from ipaddress import ip_network

import pytest

from networking.exchange.nftables import rules

PREFIXES = ["13.66.140.72/29", "13.66.140.0/24", "13.66.141.0/24", "2603:1000:4::/46", "198.51.100.7/32", "::1/128"]
LOAD_BOTH = 'printf %s "$1" | "$0" -f - && printf %s "$2" | "$0" -f - && "$0" list ruleset'
SOURCE = [
    "From service tags Public 84, imported 20 Nov 2126.",
    "The imported file has no service tag Storage (Layers).",
]


@pytest.fixture
def nft() -> list[str]:
    """nft in a network namespace of its own, where it may ask the kernel and can change nothing."""
    program = shutil.which("nft", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    command = ["unshare", "--net", program or "nft"]
    if program is None or subprocess.run([*command, "list", "tables"], capture_output=True, check=False).returncode:
        why = "nft isn't installed, or may not ask the kernel: root needs the package nftables."
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    return command


def test_what_lies_in_or_beside_each_other_stands_there_once() -> None:
    elements = [line.strip(" ,") for line in rules("myregistry", PREFIXES, SOURCE).splitlines() if line.endswith(",")]
    assert elements == ["13.66.140.0/23", "198.51.100.7/32", "::1/128", "2603:1000:4::/46"]


@pytest.mark.parametrize(
    "prefixes",
    [
        pytest.param(PREFIXES, id="both families"),
        pytest.param(PREFIXES[:1], id="IPv4 only"),
        pytest.param(["2603:1000:4::/46"], id="IPv6 only"),
        pytest.param([str(ip_network((0x0D000000 + n * 512, 24))) for n in range(5000)], id="five thousand"),
    ],
)
def test_nftables_takes_it(nft: list[str], prefixes: list[str]) -> None:
    checked = subprocess.run(
        [*nft, "-c", "-f", "-"],
        input=rules("myregistry", prefixes, SOURCE),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stderr) == (0, "")


def test_loaded_twice_it_holds_what_the_second_one_says(nft: list[str]) -> None:
    first, second = rules("myregistry", PREFIXES, SOURCE), rules("myregistry", ["192.0.2.0/24"], SOURCE)
    loaded = subprocess.run(
        ["unshare", "--net", "sh", "-c", LOAD_BOTH, nft[-1], first, second],
        capture_output=True,
        text=True,
        check=False,
    )
    assert loaded.returncode == 0, loaded.stderr
    assert "192.0.2.0/24" in loaded.stdout
    assert "13.66.140" not in loaded.stdout
    assert loaded.stdout.count("tcp dport 443 accept") == 2
