'use strict';
/**
 * Facts about moves, species and types as small objects, one set of tables for each dex (mod), and the vocabularies.
 *
 * A vocabulary numbers all ids of a kind that the base game and Champions know, in alphabetical order from 1; 0 is unknown
 * or none. It depends on the package's version alone, so that a network's embeddings fit every format.
 */
const { Dex, toID } = require('./showdown');

/** Mods whose species, abilities, items and moves make up the vocabularies. */
const VOCABULARY_MODS = ['gen9', 'champions', 'championsregma'];
const TYPES = [
	'Normal', 'Fire', 'Water', 'Electric', 'Grass', 'Ice', 'Fighting', 'Poison', 'Ground', 'Flying', 'Psychic', 'Bug', 'Rock', 'Ghost',
	'Dragon', 'Dark', 'Steel', 'Fairy', 'Stellar',
];
const TYPE_INDEX = Object.fromEntries(TYPES.map((type, i) => [type, i]));
/** Moves that hit several Pokémon. */
const SPREAD_TARGETS = new Set(['allAdjacent', 'allAdjacentFoes']);
/** Protecting moves. */
const STALLING = 'stallingMove';

let vocabularies = null;

function idsOf(kind) {
	const ids = new Set();
	for (const mod of VOCABULARY_MODS) for (const id of Object.keys(Dex.mod(mod).data[kind])) ids.add(id);
	return [...ids].sort();
}

/** Sorted ids of each kind and their numbers. */
function vocabulary() {
	if (!vocabularies) {
		vocabularies = {};
		for (const [name, kind] of [['species', 'Pokedex'], ['abilities', 'Abilities'], ['items', 'Items'], ['moves', 'Moves']]) {
			const ids = idsOf(kind);
			vocabularies[name] = { ids, numbers: new Map(ids.map((id, i) => [id, i + 1])) };
		}
	}
	return vocabularies;
}

/** Share of hits of a move that strikes more than once: the mean number of strikes. */
function meanHits(multihit) {
	if (!multihit) return 1;
	if (!Array.isArray(multihit)) return multihit;
	return multihit[0] === 2 && multihit[1] === 5 ? 3.1 : (multihit[0] + multihit[1]) / 2;
}

function moveFacts(move) {
	return {
		id: move.id, name: move.name, type: move.type, category: move.category, power: move.basePower, accuracy: move.accuracy === true ? 100 : move.accuracy,
		sure: move.accuracy === true, priority: move.priority, pp: move.noPPBoosts ? move.pp : Math.floor(move.pp * 8 / 5), target: move.target,
		spread: SPREAD_TARGETS.has(move.target), hitsAlly: move.target === 'allAdjacent', hits: meanHits(move.multihit), fixed: move.damage || 0,
		ohko: !!move.ohko, drain: move.drain ? move.drain[0] / move.drain[1] : 0, heal: !!(move.heal || move.flags.heal && move.category === 'Status'),
		recoil: move.recoil ? move.recoil[0] / move.recoil[1] : 0, protects: !!move[STALLING], pivot: !!move.selfSwitch, contact: !!move.flags.contact,
		punch: !!move.flags.punch, sound: !!move.flags.sound, bite: !!move.flags.bite, pulse: !!move.flags.pulse, bullet: !!move.flags.bullet,
		slicing: !!move.flags.slicing, powder: !!move.flags.powder, wind: !!move.flags.wind, secondary: !!move.secondaries || !!move.hasSheerForce,
		breaksScreens: ['brickbreak', 'psychicfangs', 'ragingbull'].includes(move.id), crits: !!move.willCrit, lowersSelf: !!(move.self && move.self.boosts),
		boosts: raises(move), inflicts: inflicts(move), flinches: !!(move.secondaries || []).some(effect => effect.volatileStatus === 'flinch'),
		setsSide: !!(move.sideCondition || move.weather || move.terrain || move.pseudoWeather), useTargetAttack: move.overrideOffensivePokemon === 'target',
		attackStat: move.overrideOffensiveStat || '', defenseStat: move.overrideDefensiveStat || '', ignoresAbility: !!move.ignoreAbility,
		foulStages: !!move.ignoreDefensive,
	};
}

function sumOf(boosts) {
	return boosts ? Object.values(boosts).reduce((sum, value) => sum + value, 0) : 0;
}

/** Stages that the move changes on its user or target when it is a status move. */
function raises(move) {
	return sumOf(move.boosts) + sumOf(move.self && move.self.boosts) + sumOf(move.selfBoost && move.selfBoost.boosts);
}

/** Chance that the move leaves a lasting status or a volatile state on its target. */
function inflicts(move) {
	if (move.status || (move.volatileStatus && move.category === 'Status')) return 1;
	const chances = (move.secondaries || []).filter(effect => effect.status || effect.volatileStatus).map(effect => (effect.chance || 100) / 100);
	return chances.length ? Math.max(...chances) : 0;
}

class Tables {
	constructor(dex) {
		this.dex = dex;
		this.champions = dex.currentMod.startsWith('champions');
		this.moveCache = new Map();
		this.speciesCache = new Map();
		this.chart = TYPES.map(attack => TYPES.map(defense => this.single(attack, defense)));
	}

	/** Factor of one attacking type against one defending type; 0 for immunity. */
	single(attack, defense) {
		if (attack === 'Stellar' || defense === 'Stellar') return 1;
		if (!this.dex.getImmunity(attack, defense)) return 0;
		return 2 ** this.dex.getEffectiveness(attack, defense);
	}

	effectiveness(attack, types) {
		const row = this.chart[TYPE_INDEX[attack]];
		if (!row) return 1;
		let factor = 1;
		for (const type of types) factor *= row[TYPE_INDEX[type]] ?? 1;
		return factor;
	}

	/** Facts of a move by id; null when there is no such move. */
	move(id) {
		let facts = this.moveCache.get(id);
		if (facts === undefined) {
			const move = this.dex.moves.get(id);
			facts = move.exists ? moveFacts(move) : null;
			if (facts && this.champions) facts.pp = move.noPPBoosts ? move.pp : (move.pp / 5 + 1) * 4;
			this.moveCache.set(id, facts);
		}
		return facts;
	}

	species(name) {
		let facts = this.speciesCache.get(name);
		if (facts === undefined) {
			const species = this.dex.species.get(name);
			facts = {
				id: species.id, name: species.name, exists: species.exists, base: species.baseSpecies, types: species.types, stats: species.baseStats,
				weight: species.weightkg, number: vocabulary().species.numbers.get(species.id) || 0, abilities: Object.values(species.abilities || {}).map(toID), typical: null,
			};
			this.speciesCache.set(name, facts);
		}
		return facts;
	}

	/** Stats that a foe's Pokémon has when its points are spread evenly and its nature, unless known, changes nothing. */
	typicalStats(name, level, nature) {
		const species = this.species(name);
		const cached = species.typical;
		if (cached && cached.level === level && cached.nature === nature) return cached.stats;
		const stats = this.computeStats(species.stats, level, this.dex.natures.get(nature));
		species.typical = { level, nature, stats };
		return stats;
	}

	computeStats(base, level, nature) {
		const stats = {};
		for (const stat of ['hp', 'atk', 'def', 'spa', 'spd', 'spe']) {
			let value = this.champions ? base[stat] + 11 + (stat === 'hp' ? 75 : 20) :
				Math.floor((2 * base[stat] + 31 + 21) * level / 100) + (stat === 'hp' ? level + 10 : 5);
			if (nature.plus === stat) value = Math.floor(value * 1.1);
			if (nature.minus === stat) value = Math.floor(value * 0.9);
			stats[stat] = value;
		}
		return stats;
	}
}

const tables = new Map();

/** The tables of a dex; built once. */
function tablesOf(dex) {
	let entry = tables.get(dex);
	if (!entry) tables.set(dex, entry = new Tables(dex));
	return entry;
}

module.exports = { TYPES, TYPE_INDEX, tablesOf, vocabulary };
