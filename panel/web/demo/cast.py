"""Who lives in the example: names from the ranges kept for examples (RFC 2606), nobody real."""

from dataclasses import dataclass

# Domains by what is the matter with them; a bare name works.
WORKS, WAITS, MISMATCH, SUSPENDED, REMOVED, ALIAS = (
    "works",
    "waits",
    "mismatch",
    "suspended",
    "removed",
    "alias",
)


@dataclass(frozen=True)
class Client:
    """One client: domains as (name, what is the matter), how many people, and caps in mailboxes and GB."""

    name: str
    domains: tuple[tuple[str, str], ...]
    people: int
    max_mailboxes: int | None = None
    max_gigabytes: int | None = None
    suspended: str = ""


@dataclass(frozen=True)
class Reseller:
    name: str
    domain: str
    max_domains: int | None
    max_mailboxes: int | None
    clients: tuple[Client, ...]


RESELLERS = (
    Reseller(
        "Northmoor Studio",
        "northmoor.example",
        20,
        120,
        (
            Client(
                "Alder and Finch",
                (
                    ("alderfinch.example", WORKS),
                    ("alder-finch.example", ALIAS),
                    ("finchpaper.example", WORKS),
                    ("alderfinch-shop.example", WAITS),
                ),
                18,
                25,
                60,
            ),
            Client(
                "Brightwater Dental",
                (
                    ("brightwaterdental.example", WORKS),
                    ("harbour-dental.example", WORKS),
                    ("brightwater.example", MISMATCH),
                    ("brightwater-smiles.example", REMOVED),
                ),
                14,
                15,
                40,
            ),
            Client(
                "Cobalt Cycles", (("cobaltcycles.example", WORKS), ("cobalt-rent.example", WAITS)), 9, 12, 30
            ),
            Client(
                "Juniper Lane", (("juniperlane.example", WORKS), ("bücherjuniper.example", WORKS)), 6, 10, 20
            ),
        ),
    ),
    Reseller(
        "Southgate Hosting",
        "southgate.example",
        None,
        200,
        (
            Client(
                "Dunmore Primary",
                (
                    ("dunmoreprimary.example", WORKS),
                    ("dunmore-parents.example", WORKS),
                    ("dunmore-old.example", SUSPENDED),
                    ("dunmore.example", WAITS),
                ),
                22,
                40,
                70,
            ),
            Client(
                "Eastgate Legal",
                (
                    ("eastgatelegal.example", WORKS),
                    ("eastgate-law.example", ALIAS),
                    ("eastgate.example", MISMATCH),
                    ("eastgatelegal-news.example", WORKS),
                ),
                16,
                20,
                80,
            ),
            Client(
                "Ferngate",
                (("ferngate.example", WORKS), ("ferngate-garden.example", WAITS), ("fern.example", MISMATCH)),
                5,
            ),
            Client(
                "Glasshouse Theatre",
                (
                    ("glasshouse.example", WORKS),
                    ("glasshouse-tickets.example", WORKS),
                    ("glass.example", REMOVED),
                ),
                8,
                10,
                30,
                suspended="Invoice 2118 is 60 days late",
            ),
        ),
    ),
    Reseller(
        "Westcliff Web",
        "westcliff.example",
        16,
        60,
        (
            Client(
                "Fjord Bakery", (("fjordbakery.example", WORKS), ("fjord-cakes.example", WAITS)), 7, 8, 20
            ),
            Client(
                "Holloway Print",
                (("hollowayprint.example", WORKS), ("holloway.example", MISMATCH)),
                10,
                12,
                30,
            ),
            Client(
                "Ivywell",
                (
                    ("ivywell.example", WORKS),
                    ("ivywell-yoga.example", SUSPENDED),
                    ("ivywell-art.example", WORKS),
                ),
                5,
                6,
                16,
            ),
            Client(
                "Kestrel Maps",
                (
                    ("kestrelmaps.example", WORKS),
                    ("kestrel-data.example", WORKS),
                    ("kestrel-alps.example", WAITS),
                    ("kestrel-archive.example", REMOVED),
                ),
                11,
                14,
                48,
            ),
        ),
    ),
)

# First and family name; the local part of the address is the first name.
PEOPLE = (
    ("Aisha", "Bello"),
    ("Bruno", "Castel"),
    ("Carla", "Dietz"),
    ("Dafydd", "Evans"),
    ("Elena", "Fischer"),
    ("Farid", "Ghani"),
    ("Greta", "Holm"),
    ("Henrik", "Dahl"),
    ("Ines", "Albrecht"),
    ("Jun", "Tanaka"),
    ("Katya", "Lem"),
    ("Lena", "Moreau"),
    ("Marcus", "Reid"),
    ("Nadia", "Okafor"),
    ("Ola", "Nwosu"),
    ("Priya", "Raman"),
    ("Quentin", "Roux"),
    ("Rosa", "Silva"),
    ("Sofia", "Lind"),
    ("Tomas", "Ferreira"),
    ("Uma", "Varga"),
    ("Viktor", "Weiss"),
)
