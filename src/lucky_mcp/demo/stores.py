"""The stores: eleven that trade, and six test stores that sit in the same tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

FIRST_OPENING: Final = date(2025, 6, 30)


class StoreGroup(StrEnum):
    """Why a store has orders: it trades, or somebody tests the system there."""

    TRADING = "trading"
    US_TEST = "us_test"
    NZ_TEST = "nz_test"


@dataclass(frozen=True, kw_only=True)
class Store:
    """One store; `weight` is its pull within its own group, hours are whole hours of local time."""

    id: int
    shop_no: str
    name: str
    country_code: str
    city: str
    borough: str | None
    address: str
    is_test: bool
    open_date: date
    latitude: float
    longitude: float
    weight: float
    opens: int = 7
    closes: int = 20

    @property
    def group(self) -> StoreGroup:
        """Return the group that decides how many orders the store gets and what they look like."""
        if self.country_code == "CK":
            return StoreGroup.NZ_TEST
        return StoreGroup.US_TEST if self.is_test else StoreGroup.TRADING

    @property
    def currency_code(self) -> str:
        """Return the currency of the store's prices; the Cook Islands use the New Zealand dollar."""
        return "NZD" if self.country_code == "CK" else "USD"


def _manhattan(
    number: int, name: str, address: str, opened: date, latitude: float, longitude: float, weight: float
) -> Store:
    return Store(
        id=10_000 + number,
        shop_no=f"US{number:05d}",
        name=name,
        country_code="US",
        city="New York",
        borough="Manhattan",
        address=address,
        is_test=False,
        open_date=opened,
        latitude=latitude,
        longitude=longitude,
        weight=weight,
    )


def _cook_islands(
    number: int, name: str, city: str, address: str, latitude: float, longitude: float, weight: float
) -> Store:
    return Store(
        id=20_000 + number,
        shop_no=f"CK{number:05d}",
        name=name,
        country_code="CK",
        city=city,
        borough=None,
        address=address,
        is_test=True,
        open_date=date(2025, 4, 14),
        latitude=latitude,
        longitude=longitude,
        weight=weight,
        opens=9,
        closes=18,
    )


STORES: Final[tuple[Store, ...]] = (
    _manhattan(1, "8th & Broadway", "755 Broadway", FIRST_OPENING, 40.7306, -73.9927, 1.45),
    _manhattan(2, "28th & 6th", "800 6th Ave", FIRST_OPENING, 40.7459, -73.9905, 1.30),
    _manhattan(3, "100 Maiden Ln", "100 Maiden Ln", date(2025, 8, 14), 40.7068, -74.0067, 1.10),
    _manhattan(4, "37th & Broadway", "1385 Broadway", date(2025, 8, 28), 40.7527, -73.9874, 1.25),
    _manhattan(5, "54th & 8th", "901 8th Ave", date(2025, 9, 18), 40.7648, -73.9852, 1.15),
    _manhattan(6, "102 Fulton", "102 Fulton St", date(2025, 10, 9), 40.7093, -74.0066, 0.95),
    _manhattan(7, "21st & 3rd", "271 3rd Ave", date(2025, 10, 23), 40.7370, -73.9846, 0.80),
    _manhattan(8, "15th & 3rd", "145 3rd Ave", date(2025, 11, 13), 40.7345, -73.9866, 0.85),
    _manhattan(9, "33rd & 10th", "438 W 33rd St", date(2025, 11, 26), 40.7540, -73.9995, 0.75),
    _manhattan(10, "221 Grand", "221 Grand St", date(2025, 12, 11), 40.7188, -73.9967, 0.70),
    Store(
        id=10_011,
        shop_no="US00011",
        name="JFK Terminal 4 Kiosk",
        country_code="US",
        city="New York",
        borough="Queens",
        address="JFK International Airport, Terminal 4",
        is_test=False,
        open_date=date(2025, 12, 18),
        latitude=40.6446,
        longitude=-73.7826,
        weight=0.60,
        opens=5,
        closes=22,
    ),
    Store(
        id=10_901,
        shop_no="US90001",
        name="NJ Test Kitchen",
        country_code="US",
        city="Jersey City",
        borough=None,
        address="Building 3, 1 Sample Way",
        is_test=True,
        open_date=date(2025, 3, 3),
        latitude=40.7178,
        longitude=-74.0431,
        weight=0.65,
        opens=9,
        closes=18,
    ),
    Store(
        id=10_902,
        shop_no="US90002",
        name="IQA2",
        country_code="US",
        city="New York",
        borough="Manhattan",
        address="Quality assurance room 2",
        is_test=True,
        open_date=date(2025, 3, 3),
        latitude=40.7484,
        longitude=-73.9857,
        weight=0.35,
        opens=9,
        closes=18,
    ),
    _cook_islands(1, "Avarua Wharf", "Avarua", "Main Road", -21.2075, -159.7750, 0.50),
    _cook_islands(2, "Muri Lagoon", "Ngatangiia", "Ara Tapu, Muri", -21.2617, -159.7311, 0.25),
    _cook_islands(3, "Arorangi", "Arorangi", "Ara Tapu, Arorangi", -21.2226, -159.8267, 0.15),
    _cook_islands(4, "Aitutaki Airport", "Aitutaki", "Amuri", -18.8309, -159.7642, 0.10),
)
