"""What generated households are built from: rooms, receptacles, objects, and which fits where.

The vocabulary and the sets of objects that can be heated, cooled, cleaned, sliced and put somewhere are ALFRED's; how many receptacles a
room has are ranges of our own, close to the means of its floor plans (23, 14, 12 and 9 receptacles).
"""

from __future__ import annotations

__all__ = [
    "APPLIANCES",
    "CLEANABLE",
    "CONTAINERS",
    "COOLABLE",
    "FITS",
    "HEATABLE",
    "OBJECT_TYPES",
    "OPENABLE",
    "PAIRS",
    "RECEPTACLE_TYPES",
    "ROOMS",
    "SLICEABLE",
    "SPLIT_COUNTS",
    "TRAIN_WEIGHTS",
]

ROOMS: dict[str, dict[str, tuple[int, int]]] = {
    "kitchen": {
        "Cabinet": (5, 10),
        "CounterTop": (1, 3),
        "Drawer": (2, 6),
        "StoveBurner": (2, 4),
        "Shelf": (0, 2),
        "DiningTable": (0, 1),
        "SideTable": (0, 1),
        "CoffeeMachine": (1, 1),
        "Fridge": (1, 1),
        "GarbageCan": (1, 1),
        "Microwave": (1, 1),
        "SinkBasin": (1, 1),
        "Toaster": (1, 1),
    },
    "livingroom": {
        "ArmChair": (1, 2),
        "Sofa": (1, 1),
        "CoffeeTable": (0, 2),
        "SideTable": (1, 3),
        "Drawer": (0, 4),
        "Cabinet": (0, 4),
        "Shelf": (0, 4),
        "Dresser": (0, 1),
        "DiningTable": (0, 1),
        "Ottoman": (0, 1),
        "GarbageCan": (1, 1),
        "Safe": (0, 1),
    },
    "bedroom": {
        "Bed": (1, 1),
        "Desk": (1, 2),
        "Drawer": (2, 6),
        "Shelf": (0, 4),
        "SideTable": (0, 2),
        "Dresser": (0, 1),
        "ArmChair": (0, 1),
        "GarbageCan": (1, 1),
        "LaundryHamper": (0, 1),
        "Safe": (0, 1),
    },
    "bathroom": {
        "Cabinet": (1, 4),
        "CounterTop": (1, 1),
        "SinkBasin": (1, 2),
        "Toilet": (1, 1),
        "ToiletPaperHanger": (1, 1),
        "GarbageCan": (1, 1),
        "BathtubBasin": (0, 1),
        "Drawer": (0, 3),
        "Shelf": (0, 1),
        "HandTowelHolder": (0, 2),
        "TowelHolder": (0, 1),
    },
}
"""Fewest and most receptacles of each type in a room."""

OPENABLE = frozenset(("Fridge", "Cabinet", "Microwave", "Drawer", "Safe"))
CONTAINERS = frozenset(("Bowl", "Box", "Cup", "Mug", "Pan", "Plate", "Pot"))
"""Objects that can hold others; in these games none of them does."""

HEATABLE = frozenset(("Apple", "Bread", "Cup", "Egg", "Mug", "Plate", "Potato", "Tomato"))
COOLABLE = frozenset(("Apple", "Bowl", "Bread", "Cup", "Egg", "Lettuce", "Mug", "Pan", "Plate", "Pot", "Potato", "Tomato", "WineBottle"))
CLEANABLE = frozenset(
    (
        *("Apple", "Bowl", "ButterKnife", "Cloth", "Cup", "DishSponge", "Egg", "Fork", "Kettle", "Knife", "Ladle", "Lettuce", "Mug"),
        *("Pan", "Plate", "Pot", "Potato", "SoapBar", "Spatula", "Spoon", "Tomato"),
    )
)
SLICEABLE = frozenset(("Apple", "Bread", "Egg", "Lettuce", "Potato", "Tomato"))

_FOOD = ("Apple", "Bread", "Egg", "Lettuce", "Potato", "Tomato")
_TOOLS = ("ButterKnife", "Fork", "Knife", "Ladle", "Spatula", "Spoon")
_DISHES = ("Bowl", "Cup", "Mug", "Pan", "Plate", "Pot")
_SMALL = ("CD", "CellPhone", "CreditCard", "KeyChain", "Pen", "Pencil", "RemoteControl", "Watch")
_BATH = ("Cloth", "DishSponge", "HandTowel", "SoapBar", "SoapBottle", "SprayBottle", "TissueBox", "ToiletPaper")
_DECOR = ("Book", "Candle", "Newspaper", "Statue", "Vase", "WateringCan")
_SEAT = ("BasketBall", "Book", "Box", "CellPhone", "Cloth", "CreditCard", "KeyChain", "Laptop", "Newspaper", "Pillow", "RemoteControl")
_DESK = (
    *("AlarmClock", "BasketBall", "Book", "Bowl", "Box", "Candle", "Cloth", "Cup", "Laptop", "Mug", "Newspaper", "Plate", "SprayBottle"),
    *("Statue", "TennisRacket", "TissueBox", "Vase", "WateringCan", "WineBottle", *_SMALL, "DeskLamp"),
)
_TABLE = (
    *(*_FOOD, *_TOOLS, *_DISHES, *_SMALL, *_BATH, *_DECOR, "AlarmClock", "BaseballBat", "BasketBall", "Box", "Kettle", "Laptop"),
    *("PepperShaker", "SaltShaker", "TennisRacket", "WineBottle", "DeskLamp"),
)

FITS: dict[str, frozenset[str]] = {
    "ArmChair": frozenset(_SEAT),
    "BathtubBasin": frozenset(("Cloth", "DishSponge", "HandTowel", "SoapBar")),
    "Bed": frozenset(("BaseballBat", "BasketBall", "Book", "CellPhone", "Laptop", "Newspaper", "Pillow", "TennisRacket")),
    "Cabinet": frozenset(
        (
            *("Book", "Bowl", "Box", "Candle", "CD", "Cup", "Kettle", "Ladle", "Mug", "Newspaper", "Pan", "PepperShaker", "Plate"),
            *("Plunger", "Pot", "SaltShaker", "Vase", "WateringCan", "WineBottle", *_BATH),
        )
    ),
    "CoffeeMachine": frozenset(("Mug",)),
    "CoffeeTable": frozenset(_TABLE) - {"DeskLamp"},
    "CounterTop": frozenset(_TABLE) - {"DeskLamp"},
    "Desk": frozenset(_DESK),
    "DiningTable": frozenset(_TABLE),
    "Drawer": frozenset(
        (*_TOOLS, *_SMALL, *(set(_BATH) - {"HandTowel"}), "Book", "Candle", "Newspaper", "PepperShaker", "SaltShaker", "WateringCan")
    ),
    "Dresser": frozenset(_DESK),
    "Fridge": frozenset((*_FOOD, *_DISHES, "WineBottle")),
    "GarbageCan": frozenset((*_FOOD, "CD", "Cloth", "DishSponge", "Newspaper", "Pen", "Pencil", "SoapBar", "SoapBottle", "SprayBottle")),
    "HandTowelHolder": frozenset(("HandTowel",)),
    "LaundryHamper": frozenset(("Cloth",)),
    "Microwave": frozenset(("Apple", "Bowl", "Bread", "Cup", "Egg", "Mug", "Plate", "Potato", "Tomato")),
    "Ottoman": frozenset(_SEAT),
    "Safe": frozenset(("CD", "CellPhone", "CreditCard", "KeyChain", "Statue", "Vase", "Watch")),
    "Shelf": frozenset(
        (
            *(*_SMALL, *_BATH, *_DECOR, "AlarmClock", "Bowl", "Box", "Cup", "Kettle", "Mug", "PepperShaker", "Plate", "Pot"),
            *("SaltShaker", "WineBottle", "DeskLamp"),
        )
    ),
    "SideTable": frozenset(_TABLE),
    "SinkBasin": frozenset((*_FOOD, *_TOOLS, *_DISHES, "Cloth", "DishSponge", "HandTowel", "Kettle", "SoapBar")) - {"Bread"},
    "Sofa": frozenset(_SEAT),
    "StoveBurner": frozenset(("Kettle", "Pan", "Pot")),
    "Toaster": frozenset(),
    "Toilet": frozenset(("Candle", *_BATH, "Newspaper")),
    "ToiletPaperHanger": frozenset(("ToiletPaper",)),
    "TowelHolder": frozenset(("Towel",)),
}
"""What can be put in each receptacle."""

OBJECT_TYPES: dict[str, tuple[str, ...]] = {
    "kitchen": (
        *_FOOD,
        *_TOOLS,
        *_DISHES,
        "DishSponge",
        "Kettle",
        "PepperShaker",
        "SaltShaker",
        "SoapBottle",
        "Statue",
        "Vase",
        "WineBottle",
    ),
    "livingroom": (*_SMALL, *_DECOR, "BasketBall", "Box", "Laptop", "Pillow", "Plate", "TissueBox", "DeskLamp"),
    "bedroom": (
        *(*_SMALL, "AlarmClock", "BaseballBat", "BasketBall", "Book", "Bowl", "Box", "Cloth", "Laptop", "Mug", "Pillow"),
        *("Statue", "TennisRacket", "TissueBox", "DeskLamp"),
    ),
    "bathroom": (*_BATH, "Candle", "Plunger", "Towel"),
}
"""What is found in each room."""

RECEPTACLE_TYPES: tuple[str, ...] = tuple(sorted(FITS))


APPLIANCES: dict[str, str] = {"clean": "SinkBasin", "heat": "Microwave", "cool": "Fridge"}
"""Where each state comes from; nothing is to be put there by the same task."""


def _pairs(kind: str, rooms: tuple[str, ...], able: frozenset[str] | None) -> tuple[tuple[str, str, str], ...]:
    """Room, object and receptacle of every task of a type."""
    tasks = []
    for room in rooms:
        for thing in OBJECT_TYPES[room]:
            if thing == "DeskLamp" or (able is not None and thing not in able):
                continue
            tasks += [(room, thing, place) for place in ROOMS[room] if thing in FITS[place] and place != APPLIANCES.get(kind)]
    return tuple(tasks)


_ALL = ("kitchen", "livingroom", "bedroom", "bathroom")
PAIRS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "pick": _pairs("pick", _ALL, None),
    "look": tuple((room, thing, "DeskLamp") for room in ("livingroom", "bedroom") for thing in OBJECT_TYPES[room] if thing != "DeskLamp"),
    "clean": _pairs("clean", ("kitchen", "bathroom"), CLEANABLE),
    "heat": _pairs("heat", ("kitchen",), HEATABLE),
    "cool": _pairs("cool", ("kitchen",), COOLABLE),
    "two": _pairs("two", _ALL, None),
}
"""Every task of each type: room, object, and the receptacle (of a look task the lamp)."""

TRAIN_WEIGHTS: dict[str, int] = {"pick": 790, "look": 308, "clean": 650, "heat": 459, "cool": 533, "two": 813}
"""How often each task type occurs among ALFWorld's 3,553 training games."""

SPLIT_COUNTS: dict[str, dict[str, int]] = {
    "valid_seen": {"pick": 35, "look": 13, "clean": 27, "heat": 16, "cool": 25, "two": 24},
    "valid_unseen": {"pick": 24, "look": 18, "clean": 31, "heat": 23, "cool": 21, "two": 17},
}
"""Games of each task type in the two validation splits, as in ALFWorld: 140 and 134."""
