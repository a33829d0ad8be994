'use strict';
/**
 * Plausible full sets for the foe's Pokémon: what is known stays, the rest is drawn.
 *
 * Points and natures come from a few usual spreads. Unknown items, abilities, moves and Tera types come from the package's
 * random team generators where they know the species, otherwise from what the species may have. Speeds or damage that the
 * player has seen do not narrow the spreads.
 */
const { Teams, toID } = require('./showdown');

/** Usual spreads as eighths of 252 points: attacker or wall, with the nature that fits. */
const SPREADS = [
	{ nature: 'Jolly', points: { atk: 32, spe: 32, hp: 1 } }, { nature: 'Adamant', points: { atk: 32, hp: 32, spe: 1 } },
	{ nature: 'Timid', points: { spa: 32, spe: 32, hp: 1 } }, { nature: 'Modest', points: { spa: 32, hp: 32, spe: 1 } },
	{ nature: 'Bold', points: { hp: 32, def: 32, spd: 1 } }, { nature: 'Calm', points: { hp: 32, spd: 32, def: 1 } },
	{ nature: 'Serious', points: { hp: 11, atk: 11, def: 11, spa: 11, spd: 11, spe: 11 } },
];
const STATS = ['hp', 'atk', 'def', 'spa', 'spd', 'spe'];

/** Spreads that fit the moves: physical, special, or neither. */
function fittingSpreads(dex, moves) {
	const categories = moves.map(id => dex.moves.get(id).category);
	const physical = categories.filter(category => category === 'Physical').length;
	const special = categories.filter(category => category === 'Special').length;
	if (physical > special) return [SPREADS[0], SPREADS[1], SPREADS[6]];
	if (special > physical) return [SPREADS[2], SPREADS[3], SPREADS[6]];
	return SPREADS.slice(4);
}

function drawSpread(dex, moves, prng, champions) {
	const { nature, points } = prng.sample(fittingSpreads(dex, moves));
	const evs = {};
	for (const stat of STATS) {
		const share = points[stat] || 0;
		evs[stat] = champions ? share : share === 32 ? 252 : share === 11 ? 84 : share * 4;
	}
	return { nature, evs };
}

function newSeed(prng) {
	return Array.from({ length: 4 }, () => prng.random(65536)).join(',');
}

const generators = new Map();

/** The random team generator of a format, at a seed. One object serves all calls. */
function generatorOf(format, seed) {
	let generator = generators.get(format);
	if (!generator) generators.set(format, generator = Teams.getGenerator(format, seed));
	generator.setSeed(seed);
	return generator;
}

/** A generated set of a species, or null where the generators do not know it. */
function generatedSet(entry, species, seed) {
	const champions = entry.format.mod.startsWith('champions');
	try {
		const generator = generatorOf(champions ? 'gen9championsrandombattle' : 'gen9randomdoublesbattle', seed);
		return champions ? generator.randomSet(species, {}, false) : generator.randomSet(species, {}, false, true);
	} catch {
		return null;
	}
}

/** Four different moves: the known ones, then those of the drawn set, then any that the species learns. */
function fillMoves(dex, species, known, drawn, prng) {
	const moves = [...known];
	for (const move of drawn) if (moves.length < 4 && !moves.includes(toID(move))) moves.push(toID(move));
	const pool = moves.length < 4 ? [...dex.species.getMovePool(species.id)].filter(id => !moves.includes(id)).sort() : [];
	while (moves.length < 4 && pool.length) moves.push(pool.splice(prng.random(pool.length), 1)[0]);
	return moves.length ? moves : ['struggle'];
}

/**
 * A full set for one of the foe's Pokémon.
 *
 * @param {object} entry The format (formats.js).
 * @param {object} member What is known of it (knowledge.js).
 * @param {object} prng Source of randomness.
 */
function assumedSet(entry, member, prng) {
	const { dex } = entry;
	const champions = entry.format.mod.startsWith('champions');
	const species = dex.species.get(member.origin || member.species);
	const seed = newSeed(prng);
	const complete = member.moves.length === 4 && member.baseAbility !== null && member.item !== null;
	const drawn = (complete ? null : generatedSet(entry, species.name, seed)) || { moves: [], item: '', ability: '', teraType: '' };
	const abilities = Object.values(species.abilities);
	const moves = fillMoves(dex, species, member.moves.map(move => move.id), drawn.moves, prng);
	const spread = drawSpread(dex, moves, prng, champions);
	const evs = entry.format.team ? Object.fromEntries(STATS.map(stat => [stat, champions ? 11 : 84])) : spread.evs;
	return {
		name: member.name || species.baseSpecies, species: species.name, level: member.level, gender: member.gender || species.gender || 'N', evs, moves,
		nature: member.nature || (entry.format.team ? 'Serious' : spread.nature), item: member.item ?? toID(drawn.item),
		ability: member.baseAbility || toID(drawn.ability) || toID(prng.sample(abilities)), teraType: member.tera || drawn.teraType || species.types[0],
		ivs: { hp: 31, atk: 31, def: 31, spa: 31, spd: 31, spe: 31 },
	};
}

/** A team for the part of a random format's foe that was never seen: species that are not in it yet. */
function unseenMembers(entry, knowledge, size, prng) {
	const members = [];
	const taken = new Set(knowledge.state.team.map(member => entry.dex.species.get(member.species).baseSpecies));
	for (let tries = 0; members.length < size && tries < 20; tries++) {
		for (const set of Teams.getGenerator(entry.format, newSeed(prng)).getTeam()) {
			const { baseSpecies } = entry.dex.species.get(set.species);
			if (members.length >= size || taken.has(baseSpecies)) continue;
			taken.add(baseSpecies);
			members.push(knowledge.newMember({
				species: set.species, origin: set.species, level: set.level, gender: set.gender === 'N' ? '' : set.gender || '', item: toID(set.item),
				baseAbility: toID(set.ability), ability: toID(set.ability), tera: set.teraType || null, moves: set.moves.map(move => ({ id: toID(move), used: 0 })),
			}));
		}
	}
	return members;
}

module.exports = { assumedSet, newSeed, unseenMembers };
