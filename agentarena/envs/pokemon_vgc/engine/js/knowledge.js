'use strict';
/**
 * What one player knows from its own channel: field, side conditions, both actives of each side, the foe's team.
 *
 * `Knowledge.state` is plain JSON, so that it travels with a snapshot. It never sees the battle object. What the player's
 * own request tells (own HP, items, stats, moves) is not repeated here; view.js and features.js put both together.
 *
 * Slots are 'p1a', 'p1b', 'p2a', 'p2b'. A slot holds what ends when its Pokémon leaves (boosts, volatiles, types, a
 * temporary form). A foe's `member` holds what stays (HP, status, item, ability, moves).
 */
const { handlers } = require('./lines');

const BOOSTS = ['atk', 'def', 'spa', 'spd', 'spe', 'accuracy', 'evasion'];
const SLOTS = ['p1a', 'p1b', 'p2a', 'p2b'];

function emptyBoosts() {
	return { atk: 0, def: 0, spa: 0, spd: 0, spe: 0, accuracy: 0, evasion: 0 };
}

/** A slot that a Pokémon has just entered. `before` is the member as it was, in case it turns out to be an illusion. */
function emptySlot(member = null) {
	return {
		member, before: null, boosts: emptyBoosts(), volatile: {}, single: {}, types: null, addedType: '', species: '', moves: null,
		fainted: false, lastMove: '', protects: 0, entered: 0,
	};
}

/** A foe's Pokémon of which only these facts are known; null means unknown, '' for an item means none. `origin` is its first form. */
function newMember(facts) {
	return {
		name: '', origin: '', species: '', level: 100, gender: '', percent: 100, status: '', fainted: false, seen: false, item: null,
		ability: null, baseAbility: null, tera: null, terastallized: false, nature: '', moves: [],
		...facts, origin: facts.origin || facts.species || '',
	};
}

class Knowledge {
	/**
	 * @param {number} seat 0 or 1.
	 * @param {object} dex The format's dex.
	 * @param {object|null} state A state from before, or null for a new battle.
	 */
	constructor(seat, dex, state = null) {
		this.seat = seat;
		this.own = `p${seat + 1}`;
		this.foe = `p${2 - seat}`;
		this.dex = dex;
		this.state = state || this.initial();
		/** Records of the last decision (party.js); derived from the state, so not part of it. */
		this.records = { own: [], foe: [] };
	}

	initial() {
		const slots = {};
		for (const slot of SLOTS) slots[slot] = { ...emptySlot(), fainted: true };
		return {
			turn: 0, upkeeps: 0, pick: 0, preview: false, weather: null, terrain: null, pseudo: {}, sides: { p1: {}, p2: {} }, slots,
			team: [], gimmick: { p1: false, p2: false }, pp: {}, winner: null,
		};
	}

	/** Reads new lines of the player's channel. */
	read(lines) {
		for (const line of lines) {
			if (line.charCodeAt(0) !== 124) continue;
			const parts = line.split('|');
			const handler = handlers[parts[1]];
			if (handler) handler(this, parts);
		}
	}

	/** Remembers the PP that a move request tells of the player's own actives. */
	readPP(index, moves) {
		const known = this.state.pp[index] ||= {};
		for (const move of moves) if (move.pp !== undefined) known[move.id] = [move.pp, move.maxpp];
	}

	/** The slot that an identifier such as `p2a: Name` names, or null when it names a Pokémon on the bench. */
	slot(ident) {
		return this.state.slots[ident.slice(0, 3)] || null;
	}

	/** The foe's member that an identifier names, or null for the player's own. */
	member(ident) {
		if (!ident.startsWith(this.foe)) return null;
		const slot = this.slot(ident);
		if (slot) return slot.member === null ? null : this.state.team[slot.member];
		const name = ident.slice(ident.indexOf(':') + 2);
		return this.state.team.find(member => member.seen && member.name === name) || null;
	}

	newMember(facts) {
		return newMember(facts);
	}

	emptySlot() {
		return emptySlot();
	}

	/** How many of the foe's Pokémon that were not seen yet may still be in its party. */
	unseenLeft() {
		const seen = this.state.team.filter(member => member.seen).length;
		return Math.max(0, (this.state.pick || 6) - seen);
	}
}

module.exports = { BOOSTS, Knowledge, SLOTS, emptyBoosts, emptySlot, newMember };
