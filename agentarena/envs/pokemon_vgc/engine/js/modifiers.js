'use strict';
/**
 * Tables of the damage estimate: what abilities and items multiply, who is immune, and moves whose power varies.
 *
 * The values are those of the simulator's own data files (abilities, items, moves), written as plain factors.
 */

/** Abilities that make immune: (type of the move, its facts) -> immune. */
const ABILITY_IMMUNITY = {
	levitate: type => type === 'Ground', eartheater: type => type === 'Ground', flashfire: type => type === 'Fire', wellbakedbody: type => type === 'Fire',
	waterabsorb: type => type === 'Water', stormdrain: type => type === 'Water', dryskin: type => type === 'Water', voltabsorb: type => type === 'Electric',
	lightningrod: type => type === 'Electric', motordrive: type => type === 'Electric', sapsipper: type => type === 'Grass',
	soundproof: (type, move) => move.sound, bulletproof: (type, move) => move.bullet, windrider: (type, move) => move.wind,
	queenlymajesty: (type, move) => move.priority > 0, dazzling: (type, move) => move.priority > 0, armortail: (type, move) => move.priority > 0,
};

/** Abilities that give Normal moves another type. */
const ATE_ABILITIES = { pixilate: 'Fairy', aerilate: 'Flying', refrigerate: 'Ice', galvanize: 'Electric', dragonize: 'Dragon' };

const when = (condition, factor) => condition ? factor : 1;
const physical = move => move.category === 'Physical';
const special = move => move.category === 'Special';
const sunny = field => field.weather === 'sunnyday' || field.weather === 'desolateland';
const lowHealth = record => record.percent <= 33;

/** Factors of the attacker's ability: (move, type, attacker, defender, field, effectiveness) -> factor. */
const ATTACKER_ABILITIES = {
	hugepower: move => when(physical(move), 2), purepower: move => when(physical(move), 2), hustle: move => when(physical(move), 1.5),
	gorillatactics: move => when(physical(move), 1.5), technician: move => when(move.power > 0 && move.power <= 60, 1.5),
	toughclaws: move => when(move.contact, 1.3), ironfist: move => when(move.punch, 1.2), strongjaw: move => when(move.bite, 1.5),
	megalauncher: move => when(move.pulse, 1.5), sharpness: move => when(move.slicing, 1.5), punkrock: move => when(move.sound, 1.3),
	sheerforce: move => when(move.secondary, 1.3), reckless: move => when(move.recoil > 0, 1.2), transistor: (move, type) => when(type === 'Electric', 1.3),
	dragonsmaw: (move, type) => when(type === 'Dragon', 1.5), rockypayload: (move, type) => when(type === 'Rock', 1.5),
	steelworker: (move, type) => when(type === 'Steel', 1.5), steelyspirit: (move, type) => when(type === 'Steel', 1.5),
	waterbubble: (move, type) => when(type === 'Water', 2), neuroforce: (move, type, a, d, field, effectiveness) => when(effectiveness > 1, 1.25),
	tintedlens: (move, type, a, d, field, effectiveness) => when(effectiveness < 1, 2), guts: (move, type, attacker) => when(physical(move) && attacker.status, 1.5),
	solarpower: (move, type, a, d, field) => when(special(move) && sunny(field), 1.5), orichalcumpulse: (move, type, a, d, field) => when(physical(move) && sunny(field), 4 / 3),
	hadronengine: (move, type, a, d, field) => when(special(move) && field.terrain === 'electricterrain', 4 / 3),
	sandforce: (move, type, a, d, field) => when(field.weather === 'sandstorm' && ['Rock', 'Ground', 'Steel'].includes(type), 1.3),
	blaze: (move, type, attacker) => when(type === 'Fire' && lowHealth(attacker), 1.5), torrent: (move, type, attacker) => when(type === 'Water' && lowHealth(attacker), 1.5),
	overgrow: (move, type, attacker) => when(type === 'Grass' && lowHealth(attacker), 1.5), swarm: (move, type, attacker) => when(type === 'Bug' && lowHealth(attacker), 1.5),
	fairyaura: (move, type) => when(type === 'Fairy', 4 / 3), darkaura: (move, type) => when(type === 'Dark', 4 / 3),
	pixilate: (move, type) => when(move.type === 'Normal' && type === 'Fairy', 1.2), aerilate: (move, type) => when(move.type === 'Normal' && type === 'Flying', 1.2),
	refrigerate: (move, type) => when(move.type === 'Normal' && type === 'Ice', 1.2), galvanize: (move, type) => when(move.type === 'Normal' && type === 'Electric', 1.2),
	dragonize: (move, type) => when(move.type === 'Normal' && type === 'Dragon', 1.2), defeatist: (move, type, attacker) => when(attacker.percent <= 50, 0.5),
	protosynthesis: (move, type, attacker) => chargedFactor(move, attacker, 'protosynthesis'), quarkdrive: (move, type, attacker) => chargedFactor(move, attacker, 'quarkdrive'),
};

function chargedFactor(move, attacker, name) {
	return when(attacker.volatile[name + (physical(move) ? 'atk' : 'spa')] !== undefined, 1.3);
}

/** Factors of the defender's ability, same arguments. */
const DEFENDER_ABILITIES = {
	multiscale: (move, type, a, defender) => when(defender.percent === 100, 0.5), shadowshield: (move, type, a, defender) => when(defender.percent === 100, 0.5),
	filter: (move, type, a, d, field, effectiveness) => when(effectiveness > 1, 0.75), solidrock: (move, type, a, d, field, effectiveness) => when(effectiveness > 1, 0.75),
	prismarmor: (move, type, a, d, field, effectiveness) => when(effectiveness > 1, 0.75), thickfat: (move, type) => when(type === 'Fire' || type === 'Ice', 0.5),
	heatproof: (move, type) => when(type === 'Fire', 0.5), waterbubble: (move, type) => when(type === 'Fire', 0.5), purifyingsalt: (move, type) => when(type === 'Ghost', 0.5),
	furcoat: move => when(physical(move), 0.5), icescales: move => when(special(move), 0.5), punkrock: move => when(move.sound, 0.5),
	fluffy: (move, type) => when(move.contact, 0.5) * when(type === 'Fire', 2), dryskin: (move, type) => when(type === 'Fire', 1.25),
	marvelscale: (move, type, a, defender) => when(physical(move) && defender.status, 2 / 3),
	protosynthesis: (move, type, a, defender) => when(defender.volatile[`protosynthesis${physical(move) ? 'def' : 'spd'}`] !== undefined, 1 / 1.3),
	quarkdrive: (move, type, a, defender) => when(defender.volatile[`quarkdrive${physical(move) ? 'def' : 'spd'}`] !== undefined, 1 / 1.3),
};

/** Items that strengthen moves of one type by a fifth. */
const ITEM_TYPE = {
	charcoal: 'Fire', flameplate: 'Fire', mysticwater: 'Water', seaincense: 'Water', splashplate: 'Water', wellspringmask: 'Water', magnet: 'Electric', zapplate: 'Electric',
	miracleseed: 'Grass', meadowplate: 'Grass', roseincense: 'Grass', nevermeltice: 'Ice', icicleplate: 'Ice', blackbelt: 'Fighting', fistplate: 'Fighting',
	poisonbarb: 'Poison', toxicplate: 'Poison', softsand: 'Ground', earthplate: 'Ground', sharpbeak: 'Flying', skyplate: 'Flying', twistedspoon: 'Psychic',
	mindplate: 'Psychic', oddincense: 'Psychic', silverpowder: 'Bug', insectplate: 'Bug', hardstone: 'Rock', stoneplate: 'Rock', rockincense: 'Rock',
	cornerstonemask: 'Rock', spelltag: 'Ghost', spookyplate: 'Ghost', dragonfang: 'Dragon', dracoplate: 'Dragon', blackglasses: 'Dark', dreadplate: 'Dark',
	metalcoat: 'Steel', ironplate: 'Steel', fairyfeather: 'Fairy', pixieplate: 'Fairy', silkscarf: 'Normal', hearthflamemask: 'Fire',
};

/** Berries that halve a super-effective hit of one type. */
const RESIST_BERRY = {
	occaberry: 'Fire', passhoberry: 'Water', wacanberry: 'Electric', rindoberry: 'Grass', yacheberry: 'Ice', chopleberry: 'Fighting', kebiaberry: 'Poison',
	shucaberry: 'Ground', cobaberry: 'Flying', payapaberry: 'Psychic', tangaberry: 'Bug', chartiberry: 'Rock', kasibberry: 'Ghost', habanberry: 'Dragon',
	colburberry: 'Dark', babiriberry: 'Steel', roseliberry: 'Fairy', chilanberry: 'Normal',
};

function weightPower(move, attacker, defender, field) {
	const weight = field.tables.species(defender.form).weight || 50;
	return weight >= 200 ? 120 : weight >= 100 ? 100 : weight >= 50 ? 80 : weight >= 25 ? 60 : weight >= 10 ? 40 : 20;
}

function relativeWeightPower(move, attacker, defender, field) {
	const ratio = (field.tables.species(attacker.form).weight || 50) / (field.tables.species(defender.form).weight || 50);
	return ratio >= 5 ? 120 : ratio >= 4 ? 100 : ratio >= 3 ? 80 : ratio >= 2 ? 60 : 40;
}

function healthPower(move, attacker) {
	return Math.max(1, Math.floor(move.power * attacker.percent / 100));
}

function reversalPower(move, attacker) {
	const left = attacker.percent * 48 / 100;
	return left < 2 ? 200 : left < 5 ? 150 : left < 10 ? 100 : left < 17 ? 80 : left < 33 ? 40 : 20;
}

function boostPower(move, attacker) {
	return 20 + 20 * Object.values(attacker.boosts).reduce((sum, stage) => sum + Math.max(0, stage), 0);
}

function gyroPower(move, attacker, defender) {
	return Math.min(150, Math.floor(25 * defender.stats.spe / Math.max(1, attacker.stats.spe)) + 1);
}

function electroPower(move, attacker, defender) {
	const ratio = Math.floor(attacker.stats.spe / Math.max(1, defender.stats.spe));
	return [40, 60, 80, 120, 150][Math.min(4, ratio)];
}

const doubled = condition => (move, attacker, defender, field) => condition(attacker, defender, field) ? move.power * 2 : move.power;

/** Moves whose power depends on the situation: (move, attacker, defender, field) -> power. */
const POWER_RULES = {
	lowkick: weightPower, grassknot: weightPower, heavyslam: relativeWeightPower, heatcrash: relativeWeightPower, eruption: healthPower, waterspout: healthPower,
	dragonenergy: healthPower, reversal: reversalPower, flail: reversalPower, storedpower: boostPower, powertrip: boostPower, gyroball: gyroPower, electroball: electroPower,
	acrobatics: doubled(attacker => attacker.item === ''), facade: doubled(attacker => attacker.status && attacker.status !== 'slp'),
	hex: doubled((attacker, defender) => defender.status), infernalparade: doubled((attacker, defender) => defender.status),
	venoshock: doubled((attacker, defender) => defender.status === 'psn' || defender.status === 'tox'), brine: doubled((attacker, defender) => defender.percent <= 50),
	knockoff: (move, attacker, defender) => defender.item ? move.power * 1.5 : move.power, weatherball: doubled((attacker, defender, field) => field.weather),
	risingvoltage: doubled((attacker, defender, field) => field.terrain === 'electricterrain'), expandingforce: (move, a, d, field) => field.terrain === 'psychicterrain' ? move.power * 1.5 : move.power,
	tripleaxel: () => 40, triplekick: () => 20, populationbomb: () => 20, hardpress: (move, attacker, defender) => Math.max(1, defender.percent),
	crushgrip: (move, attacker, defender) => 120 * defender.percent / 100, wringout: (move, attacker, defender) => 120 * defender.percent / 100, return: () => 102, frustration: () => 102,
	beatup: () => 10, trumpcard: () => 50, naturalgift: () => 80, fling: () => 50, spitup: () => 100, psyblade: (move, a, d, field) => field.terrain === 'electricterrain' ? 120 : 80,
	counter: () => 0, mirrorcoat: () => 0, metalburst: () => 0, comeuppance: () => 0, dreameater: (move, attacker, defender) => defender.status === 'slp' ? move.power : 0,
};

module.exports = { ABILITY_IMMUNITY, ATE_ABILITIES, ATTACKER_ABILITIES, DEFENDER_ABILITIES, ITEM_TYPE, POWER_RULES, RESIST_BERRY };
