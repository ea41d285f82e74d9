"""Invented artists, titles, people and places for the sample: no real ones are needed.

Names hold what names in the world hold: accents, other scripts, quotes, commas, slashes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

ONSETS = ("b", "br", "d", "dr", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z")
VOWELS = ("a", "e", "i", "o", "u", "ai", "ea", "io", "ou")
CODAS = ("", "", "l", "n", "r", "s", "t", "nd", "rk", "ll")

ADJECTIVES = (
    "Amber", "Borrowed", "Crooked", "Distant", "Electric", "Faded", "Gentle", "Hollow", "Idle",
    "Little", "Lunar", "Midnight", "Paper", "Quiet", "Rusty", "Silver", "Tangled", "Velvet",
)  # fmt: skip
NOUNS = (
    "Anchors", "Balconies", "Comets", "Daughters", "Engines", "Foxes", "Gardens", "Harbours",
    "Islands", "Kites", "Lanterns", "Mirrors", "Orchards", "Postcards", "Rivers", "Staircases",
    "Tigers", "Umbrellas", "Windows",
)  # fmt: skip
SPECIAL_ARTISTS = (
    "Bjärne Ødegård", "Niña Peçanha", "Zoë & the Naïfs", "Les Âmes d'Été", "Żółta Ćma",
    "Ночной Трамвай", "夜の電車", "Señor \"Ocho\" Ibáñez", "O'Hanrahan / Pike", "Kto? Nic!",
    "Semicolon; Drop", "100% Cotton", "Back\\slash", "Tab\tSeparated", "Ümit, Oya & Söhne",
)  # fmt: skip
TITLE_PATTERNS = (
    "{adjective} {noun}", "The {adjective} {noun}", "{noun} in the Rain", "Don't Wake the {noun}",
    "{adjective}", "{noun} (Live)", "{adjective} {noun} [Remastered]", "\"{noun}\"",
    "{noun} / {adjective}", "Song for {word}", "{word}, {word2}", "Für {word}", "{word} à minuit",
    "{noun} Pt. {number}",
)  # fmt: skip
FIRST_NAMES = (
    "Ada", "Bruno", "Chloé", "Dario", "Elif", "Farid", "Grete", "Hugo", "Inês", "Jonas", "Kaja",
    "Liam", "Maya", "Noah", "Oksana", "Paulo", "Quinn", "Rosa", "Søren", "Tariq", "Uma", "Viktor",
    "Wanda", "Ximena", "Yuki", "Zora",
)  # fmt: skip
LAST_NAMES = (
    "Abernathy", "Bakker", "Castellano", "D'Amico", "Eriksen", "Fofanah", "Goldfarb", "Hashimoto",
    "Iglesias", "Jankowski", "Keller", "Lindqvist", "Müller", "Nakamura", "O'Donnell", "Pereira",
    "Quist", "Rosenthal", "Sørensen", "Tremblay", "Udovičić", "Vasquez", "Whitlock", "Young",
)  # fmt: skip
PLACES = (
    ("Lisboa, Portugal", 38.7223, -9.1393),
    ("São Paulo, Brazil", -23.5505, -46.6333),
    ("Portland, OR", 45.5152, -122.6784),
    ("San Francisco-Oakland-Hayward, CA", 37.7749, -122.4194),
    ("New York-Newark-Jersey City, NY-NJ-PA", 40.7128, -74.006),
    ("Zürich, Switzerland", 47.3769, 8.5417),
    ("Kraków, Poland", 50.0647, 19.945),
    ("Quito, Ecuador", -0.1807, -78.4678),
    ("Nairobi, Kenya", -1.2921, 36.8219),
    ("Sapporo, Japan", 43.0618, 141.3545),
    ("Houston-The Woodlands-Sugar Land, TX", 29.7604, -95.3698),
    ("Göteborg, Sweden", 57.7089, 11.9746),
)
"""Name, latitude and longitude in degrees."""

WEBKIT = "(KHTML, like Gecko)"
USER_AGENTS = (
    f'"Mozilla/5.0 (Windows NT 6.1) AppleWebKit/537.36 {WEBKIT} Chrome/36.0.1985 Safari/537.36"',
    f'"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_4) AppleWebKit/537.78.2 {WEBKIT} Safari/537.78"',
    "Mozilla/5.0 (X11; Linux x86_64; rv:31.0) Gecko/20100101 Firefox/31.0",
    "Mozilla/5.0 (Windows NT 6.1; WOW64; rv:31.0) Gecko/20100101 Firefox/31.0",
    f'"Mozilla/5.0 (iPhone; CPU iPhone OS 7_1_2 like Mac OS X) AppleWebKit/537.51.2 {WEBKIT}"',
)
"""Some come in quotes of their own, as in the real logs."""

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
HEX = "0123456789ABCDEF"


@dataclass(frozen=True)
class Place:
    """A town, or an unknown one: empty name, no coordinates."""

    name: str
    latitude: float | None
    longitude: float | None


def pick(rng: random.Random, options: Sequence[str]) -> str:
    """Choose one; `int(random() * n)` gives the same choice in every Python version."""
    return options[int(rng.random() * len(options))]


def word(rng: random.Random) -> str:
    """Invent a word of two or three syllables, capitalised."""
    syllables = 2 + int(rng.random() * 2)
    letters = "".join(pick(rng, ONSETS) + pick(rng, VOWELS) for _ in range(syllables))
    return (letters + pick(rng, CODAS)).capitalize()


def artist_name(rng: random.Random) -> str:
    """Invent an artist."""
    kind = rng.random()
    if kind < 0.06:
        return f"{pick(rng, SPECIAL_ARTISTS)} {word(rng)}"
    if kind < 0.4:
        return f"{word(rng)} {word(rng)}"
    if kind < 0.7:
        return f"The {pick(rng, ADJECTIVES)} {pick(rng, NOUNS)} of {word(rng)}"
    return f"{word(rng)} & the {pick(rng, NOUNS)}"


def title(rng: random.Random) -> str:
    """Invent a song title."""
    return pick(rng, TITLE_PATTERNS).format(
        adjective=pick(rng, ADJECTIVES),
        noun=pick(rng, NOUNS),
        word=word(rng),
        word2=word(rng),
        number=1 + int(rng.random() * 9),
    )


def place(rng: random.Random) -> Place:
    """Choose where an artist comes from; of two in five only the empty name is known."""
    if rng.random() < 0.4:
        return Place("", None, None)
    name, latitude, longitude = PLACES[int(rng.random() * len(PLACES))]
    if rng.random() < 0.25:
        return Place(name, None, None)
    return Place(name, latitude, longitude)


def identifier(rng: random.Random, prefix: str) -> str:
    """Make an id as in the Million Song data: prefix, seven letters, nine hexadecimal digits."""
    letters = "".join(pick(rng, ALPHABET) for _ in range(7))
    digits = "".join(pick(rng, HEX) for _ in range(9))
    return f"{prefix}{letters}{digits}"
