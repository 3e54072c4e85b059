"""A file of service tags in the shape of the real one, as large as wanted. `python -m tests.service_tags_file PATH`
writes one of real size: some 3,000 tags and 100,000 prefixes, over 10 MB. The prefixes are made up."""

import json
import sys
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from registries.regions import DISPLAY_NAMES

SERVICES = ("AzureContainerRegistry", "Storage", "MicrosoftContainerRegistry", "AzureFrontDoor.FirstParty")
FEATURES = ["API", "NSG", "UDR", "FW", "VSE"]
EACH = 33  # prefixes to a tag of a region, one in three of IPv6


def tag(name: str, prefixes: list[str], *, region: str = "", service: str = "", number: int = 1) -> dict[str, Any]:
    return {
        "name": name,
        "id": name,
        "properties": {
            "changeNumber": number,
            "region": region,
            "regionId": 0,
            "platform": "Azure",
            "systemService": service or name.partition(".")[0].replace("Storage", "AzureStorage"),
            "addressPrefixes": prefixes,
            "networkFeatures": FEATURES,
        },
    }


def prefixes() -> Iterator[str]:
    """For ever: two of IPv4 and one of IPv6, never the same."""
    number = 0
    while True:
        yield str(IPv4Network((0x0D400000 + number * 512, (24, 26, 28, 29)[number % 4])))
        yield str(IPv4Network((0x34000000 + number * 256, 25)))
        yield str(IPv6Network(((0x2603_1000 << 96) + (number << 76), 52)))
        number += 1


def real_size(*, services: int = 60) -> dict[str, Any]:
    """50 services more or less, in every region and as a whole; the whole repeats what the regions hold."""
    source = prefixes()
    names = [*SERVICES, *(f"Service{number:02}" for number in range(services - len(SERVICES)))]
    regions = sorted(DISPLAY_NAMES)
    values = []
    for name in names:
        everywhere: list[str] = []
        for region in regions:
            here = list(islice(source, EACH))
            everywhere += here[::20]
            values.append(tag(f"{name}.{DISPLAY_NAMES[region].replace(' ', '')}", here, region=region, service=name))
        values.append(tag(name, everywhere, service=name))
    return {"changeNumber": 384, "cloud": "Public", "values": values}


def written(content: dict[str, Any], indent: int = 2) -> bytes:
    """As the real file is laid out: one prefix to a line, and the line ends of Windows. `indent` makes it as large as
    wanted."""
    return json.dumps(content, indent=indent).replace("\n", "\r\n").encode()


def small(*, number: int = 84, **more: list[str]) -> dict[str, Any]:
    """The examples of document 003, and what `more` adds: prefixes by the name of a tag, with _ for a dot."""
    values = [
        tag("AzureContainerRegistry", ["13.66.140.72/29", "13.70.72.136/29", "2603:1000:4::/46"]),
        tag("AzureContainerRegistry.AustraliaEast", ["13.70.72.136/29"], region="australiaeast"),
        tag("AzureContainerRegistry.EastUS", ["13.66.140.72/29", "2603:1000:4::/46"], region="eastus"),
        tag("Storage", ["13.65.107.32/28", "52.239.216.0/23"]),
        tag("Storage.AustraliaCentral", ["52.239.216.0/23"], region="australiacentral"),
        tag("Storage.EastUS", ["13.65.107.32/28"], region="eastus"),
    ]
    values += [tag(name.replace("_", "."), list(each)) for name, each in more.items()]
    return {"changeNumber": number, "cloud": "Public", "values": values}


def some(count: int) -> list[str]:
    return list(islice(cycle(["198.51.100.0/24", "2001:db8::/32"]), count))


def main() -> None:
    data = written(real_size(), indent=12)
    Path(sys.argv[1]).write_bytes(data)
    sys.stdout.write(f"{len(data):,} bytes\n")


if __name__ == "__main__":
    main()
