"""The words of the generated catalogue: kinds of products, attributes with other words for them, options, brands, sentences. All made up for it.

No attribute of a pool is matched by another of its pool, and no sentence holds an attribute by chance; the tests check both.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ATTRIBUTES", "BRANDS", "CATEGORIES", "KINDS", "NOISE", "OPENINGS", "OPTIONS", "SENTENCES", "USES", "Kind"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of product.

    Attributes:
        name: What it is called, plural or a mass.
        category: One of `CATEGORIES`.
        path: Levels of its category, from wide to narrow.
        low: Least price in dollars.
        high: Greatest price.
        pool: Name of its attributes in `ATTRIBUTES`.
        options: Names of its options in `OPTIONS`.
    """

    name: str
    category: str
    path: tuple[str, ...]
    low: float
    high: float
    pool: str
    options: tuple[str, ...]


CATEGORIES = ("fashion", "beauty", "electronics", "garden", "grocery")

_KINDS = """
fashion | Clothing, Men, Shirts | 14 60 | cloth | color size fit
t-shirts, polo shirts, henley shirts, dress shirts
fashion | Clothing, Women, Dresses | 20 95 | cloth | color size sleeve
maxi dresses, cocktail dresses, wrap dresses, sundresses
fashion | Clothing, Unisex, Outerwear | 30 160 | cloth | color size fit
rain jackets, fleece hoodies, parkas, cardigans
fashion | Shoes, Everyday, Footwear | 25 140 | shoe | color size width
sneakers, ankle boots, loafers, sandals, slippers
beauty | Beauty, Skin Care, Face | 8 48 | skin | scent volume
face serums, night creams, cleansing gels, toners, clay masks
beauty | Beauty, Hair Care, Treatments | 7 42 | hair | scent volume
shampoos, conditioners, scalp oils, styling pastes
beauty | Beauty, Makeup, Lips | 6 32 | makeup | shade finish
lipsticks, lip tints, lip liners
electronics | Electronics, Audio, Listening | 18 190 | audio | color style
headphones, earbuds, bookshelf speakers, soundbars
electronics | Electronics, Accessories, Power | 9 80 | power | color cable
phone chargers, power banks, desk docks, car adapters
electronics | Electronics, Computers, Input | 15 130 | input | color layout
keyboards, trackballs, drawing tablets
electronics | Electronics, Cameras, Security | 30 220 | camera | color bundle
doorbell cameras, baby monitors, dash cameras
garden | Home, Furniture, Living Room | 70 480 | furniture | color size legs
armchairs, coffee tables, bookcases, ottomans, side tables
garden | Home, Bedding, Bedroom | 18 120 | bedding | color bed
duvet covers, pillowcases, quilts, throw blankets
garden | Home, Lighting, Lamps | 16 150 | lamp | color bulb
floor lamps, table lamps, pendant lights, wall sconces
garden | Home, Kitchen, Cookware | 12 110 | kitchen | color capacity
stockpots, frying pans, baking dishes, kettles
grocery | Grocery, Snacks, Savory | 4 34 | food | flavor pack
potato crisps, rice crackers, trail mixes, popcorn
grocery | Grocery, Beverages, Hot Drinks | 6 42 | food | flavor pack
green teas, ground coffees, cocoa powders, chai blends
grocery | Grocery, Pantry, Spreads | 5 30 | food | flavor jar
almond butters, fruit preserves, hummus dips, pasta sauces
"""

_ATTRIBUTES = """
cloth: machine washable = fine in the washing machine; quick drying = dry again within the hour; long sleeve lining = lined down to the wrist;
 moisture wicking = good at drawing sweat away; relaxed fit = not tight anywhere; polyester blend = partly synthetic; button closure = done up with buttons;
 hidden pockets = with pockets nobody sees; wrinkle resistant = without need of an iron; classic collar = with an old-fashioned neck; upf protection = a shield from the sun
shoe: rubber sole = soled with rubber; memory foam = with a footbed that remembers you; slip resistant = safe on wet floors; arch support = kind to flat feet;
 vegan leather = leather-like but from no animal; lace closure = tied with laces; shock absorbing = easy on the knees; breathable mesh = airy on top; steel toe = armored in front
skin: cruelty free = not tested on animals; fragrance free = without any perfume; hyaluronic acid = with the acid that holds water; oil control = against a shiny face;
 anti aging = against lines of age; sensitive skin = for skin that reddens easily; dark circles = against shadows under the eyes; vitamin enriched = with vitamins added; paraben free = made with no parabens
hair: sulfate free = with no sulfates; color safe = safe after dyeing; damaged ends = for split tips; hair growth = to make more of it grow; argan infused = with oil of argan;
 frizz control = against flyaway strands; dandruff relief = against flakes; natural curls = for ringlets; heat protection = a guard against the blow dryer
makeup: long lasting = staying on all day; highly pigmented = strong in hue; smudge proof = safe to kiss in; mineral based = made of minerals; gluten free = safe for coeliacs;
 easy application = simple to put on; nourishing butter = with caring fats; transfer resistant = leaving no trace on cups
audio: noise cancelling = silent to the world around; wireless bluetooth = without cords; water resistant = able to take rain; fast charging = full again in minutes;
 deep bass = strong in low notes; voice assistant = obeying spoken words; hands free = usable while you carry things; stereo sound = with two channels; carrying case = with something to carry it in
power: usb port = with a socket for usb; output protection = guarded against surges; high power = strong enough for laptops; ultra compact = as small as it gets; overheat shutdown = off by itself when hot;
 led display = showing its charge in lights; fireproof shell = in a case that cannot burn; dual voltage = for trips abroad; travel pouch = with a bag for trips
input: backlit keys = lit from below; plug play = working at once without drivers; quiet switches = not heard next door; ergonomic rest = easy on the wrists; rechargeable battery = with no cells to replace;
 programmable macros = with keys you can teach; spill resistant = safe from a cup of tea; aluminum frame = framed in metal
camera: night vision = seeing in the dark; motion detection = awake when something moves; two way talk = for speaking and listening; 1080p hd = full in resolution;
 cloud backup = keeping films elsewhere; wide angle = seeing the whole yard; solar panel = fed by the sun; weatherproof housing = fit for a storm; loop recording = writing over the oldest
furniture: solid wood = of real timber; easy assembly = put together in minutes; assembly tools = with the screwdriver included; metal frame = carried by steel; storage space = with room for things inside;
 mid century = in the manner of the fifties; space saving = for tiny rooms; scratch proof = safe from cats; tempered glass = with a pane that is hard to break; high density = firm to sit on; faux linen = covered in something like flax
bedding: super soft = gentle to touch; egyptian cotton = of cotton from the nile; hidden zipper = closed where nobody looks; twin sided = with a pattern on each side; allergy friendly = fit for those who sneeze;
 fade resistant = as bright after years; cooling fabric = for hot sleepers; deep pocket = for tall mattresses
lamp: brushed nickel = in matte silvery metal; energy efficient = cheap to run; touch dimmer = dimmed with a finger; glass shade = shaded by glass; adjustable arm = with a limb that bends;
 remote controlled = switched from the sofa; eye caring = without flicker; fabric cord = with a woven wire; wall mountable = to be hung
kitchen: dishwasher safe = not washed by hand; stainless steel = of metal that does not rust; nonstick coating = with nothing burning on; induction ready = for the modern hob; bpa free = with nothing bad in the plastic;
 heat resistant = fine in the oven; tight lid = that closes well; cast iron = heavy and black; pouring spout = with a lip to pour from
food: low sodium = with little salt; gluten free = with no wheat; non gmo = from seeds nobody altered; usda organic = grown without chemicals; kosher certified = allowed by the rabbi; dairy free = with no milk;
 high fiber = good for digestion; artificial colors absent = with no dyes; keto friendly = for a diet without carbohydrates; individually wrapped = each in its own wrapper; low sugar = hardly sweet; fair trade = paid decently to farmers
"""

_OPTIONS = """
color: black, white, navy blue, burgundy, olive, charcoal, teal, mustard, coral, silver, purple, khaki, dark green, pink, gold, chocolate
size: small, medium, large, xl, xxl, petite
fit: slim, regular, big and tall
sleeve: sleeveless, cap, elbow, full
width: narrow, standard, extra wide
scent: lavender, rosewater, unscented, eucalyptus, vanilla, citrus
volume: 50 ml, sample, jumbo, 8 ounce, travel
shade: rose, cherry, mauve, nude, plum, peach, wine
finish: matte, glossy, satin, shimmer
style: over ear, studio, sport, kids, office
cable: no cable, 3 feet, braided 6 feet, coiled
layout: american, british, german, nordic
bundle: single, twin, full kit
legs: oak, walnut, black metal, hairpin
bed: twin, queen, king, crib
bulb: led bulb, no bulb, vintage filament
capacity: 2 quart, 5 liter, personal, family
flavor: sea salt, honey, ginger, original, smoked paprika, maple, lemon, cinnamon, dark roast
pack: 1 count, box of dozen, sampler, family bundle
jar: squeeze bottle, glass jar, bulk tub
"""

_BRANDS = """
Norvale Tarrow Quillmark Bexley Oskarine Velmont Haldora Pinewick Castrel Umbrio Fennwell Jorvand Lumero Marivane Rookfield Saltern
    Thornby Wexcombe Yarrowday Zephrine Aldercroft Brunmoor Corvessa Dunmarrow Elstrand Farrowgate Gildenby Hestermoor Isenholt Kestwick
    Larkmere Mossgrove Nettleby Ostermarch Pellworth Ravensby Sorrelton Tidewell Ulverton Vantry
"""
BRANDS = tuple(_BRANDS.split())

USES = (
    "for the office", "for weekends", "for beginners", "for gifts", "for small households", "for students", "for holidays", "for grandparents",
    "for busy mornings", "for guests", "for evenings at home", "for travelers",
)  # fmt: skip

NOISE = (
    "Newest Model", "Season Favorite", "Best Seller", "Limited Run", "Collector Series", "Studio Edition", "Value Offer", "Upgraded Version",
    "Signature Line", "Anniversary Series",
)  # fmt: skip

SENTENCES = (
    "{brand} has made {kind} since its founders met at a market stall.",
    "These {kind} by {brand} are chosen {use}.",
    "Designed with care and inspected twice before they leave the workshop.",
    "Every order is shipped in recycled paper.",
    "Ask our team anything; we answer on the same day.",
    "A thoughtful present {use}.",
    "Our customers come back to {brand} {kind} year after year.",
    "Returns are accepted within a month of delivery.",
)

OPENINGS = (
    "i am looking for {}",
    "i need {}",
    "find me {}",
    "i want to buy {}",
    "can you help me find {}",
    "i would like {}",
    "please get me {}",
)


def _kinds() -> tuple[Kind, ...]:
    lines = _KINDS.strip().split("\n")
    kinds = []
    for head, names in zip(lines[::2], lines[1::2], strict=True):
        category, path, prices, pool, options = (part.strip() for part in head.split("|"))
        low, high = map(float, prices.split())
        levels = tuple(level.strip() for level in path.split(","))
        kinds += [
            Kind(name, category, (*levels, name.title()), low, high, pool, tuple(options.split())) for name in names.strip().split(", ")
        ]
    return tuple(kinds)


def _pools() -> dict[str, dict[str, str]]:
    pools: dict[str, dict[str, str]] = {}
    for line in _ATTRIBUTES.replace("\n ", " ").strip().split("\n"):
        name, _, rest = line.partition(": ")
        pools[name] = dict(pair.strip().split(" = ") for pair in rest.split(";"))
    return pools


KINDS = _kinds()
"""Every kind of product."""
ATTRIBUTES: dict[str, dict[str, str]] = _pools()
"""Pool -> attribute -> other words for it, which hold none of its own."""
OPTIONS: dict[str, tuple[str, ...]] = {
    name: tuple(values.split(", ")) for name, values in (line.split(": ") for line in _OPTIONS.strip().split("\n"))
}
"""Option -> its values."""
