"""How large the installation of a benchmark is, and the keys of those who look at it."""

from dataclasses import dataclass

OPERATOR, BIG_RESELLER, BIG_CLIENT_DOMAIN = 1, 2, 1
RESELLERS = 40
FIRST_CLIENT = 2 + RESELLERS


@dataclass(frozen=True)
class Size:
    """The installation of the goals divided by `divisor`."""

    divisor: int = 1

    @property
    def domains(self) -> int:
        return 20_000 // self.divisor

    @property
    def big_domain(self) -> int:
        """Mailboxes in the first domain."""
        return 100_000 // self.divisor

    @property
    def mailboxes(self) -> int:
        return 1_000_000 // self.divisor

    @property
    def aliases(self) -> int:
        return 300_000 // self.divisor

    @property
    def entries(self) -> int:
        """Of the audit trail."""
        return 2_000_000 // self.divisor

    @property
    def clients(self) -> int:
        return self.domains // 5

    @property
    def big_client(self) -> int:
        """The tenant of the first domain."""
        return FIRST_CLIENT + BIG_CLIENT_DOMAIN % self.clients

    def small_client(self) -> int:
        """A client with five ordinary domains, below the big reseller."""
        return FIRST_CLIENT + self.clients // 2 // 4 * 4

    def empty_client(self) -> int:
        """A client without anything, below the big reseller."""
        return FIRST_CLIENT + self.clients
