'use strict';
/**
 * Saves a battle as text, restores it, and forks it.
 *
 * Three things that the simulator's own serialization loses are stored beside it: the requests as they were shown (a
 * choice that was refused has told the player that it is trapped, and a regenerated request would forget that), the
 * original order of each team (after the preview the left-out Pokémon are gone), and the format's custom rules.
 * A snapshot holds hidden information: it is for whoever runs the battle, never for a player.
 */
const { ArenaBattle, SEATS, readWant } = require('./battle');
const { determinize } = require('./determinize');
const { Failure, quote } = require('./failure');
const { checkSeed, getFormat } = require('./formats');
const { PRNG, State, version } = require('./showdown');

const SNAPSHOT_VERSION = 1;
const LONGEST_SNAPSHOT = 16 * 1024 * 1024;

/**
 * Everything of a battle as plain data. Parts may be shared with the battle: `clone` the result, or write it as JSON.
 */
function capture(arena) {
	arena.present();
	const { battle, setup } = arena;
	return {
		version: SNAPSHOT_VERSION, showdown: version, setup, state: State.serializeBattle(battle),
		requests: battle.sides.map(side => side.activeRequest), orders: SEATS.map(seat => arena.order(seat)),
		position: arena.position, again: arena.again, knowledge: arena.knowledge.map(known => known.state),
	};
}

/**
 * Takes out what the simulator cannot read: the own moves of a Pokémon that has fewer moves now, as one that transformed into
 * Ditto. Returns what puts them back; slots that are present moves stay shared, as the simulator has it.
 */
function takeBaseMoves(state) {
	const taken = [];
	state.sides.forEach((side, seat) => side.pokemon.forEach((pokemon, k) => {
		const slots = pokemon.baseMoveSlots;
		if (!slots || slots.length <= pokemon.moveSlots.length) return;
		taken.push({ seat, k, slots });
		delete pokemon.baseMoveSlots;
	}));
	return battle => {
		for (const { seat, k, slots } of taken) {
			const pokemon = battle.sides[seat].pokemon[k];
			pokemon.baseMoveSlots = slots.map((slot, i) => {
				const present = pokemon.moveSlots[i];
				return present && present.id === slot.id && !present.virtual ? present : slot;
			});
		}
	};
}

/** A battle from captured data that nothing else uses. */
function restore(captured, setup) {
	const { full } = getFormat(setup.format, setup.rules);
	const putBack = takeBaseMoves(captured.state);
	const battle = State.deserializeBattle({ ...captured.state, formatid: full });
	putBack(battle);
	battle.restart(() => {});
	battle.sides.forEach((side, seat) => { side.activeRequest = captured.requests[seat]; });
	const arena = new ArenaBattle(setup, battle, captured);
	arena.sets = SEATS.map(seat => {
		const sets = [];
		captured.orders[seat].forEach((index, k) => { sets[index] = battle.sides[seat].pokemon[k].set; });
		return sets;
	});
	return arena;
}

function clone(value) {
	return JSON.parse(JSON.stringify(value));
}

function saveBattle(arena) {
	return JSON.stringify(capture(arena));
}

function readSnapshot(snapshot) {
	if (typeof snapshot !== 'string' || snapshot.length > LONGEST_SNAPSHOT) throw new Failure('bad_snapshot', `a snapshot is a string of at most ${LONGEST_SNAPSHOT} characters, got ${quote(snapshot)}`);
	let captured = null;
	try {
		captured = JSON.parse(snapshot);
	} catch {
		captured = null;
	}
	if (!captured || captured.version !== SNAPSHOT_VERSION) throw new Failure('bad_snapshot', `this is no snapshot of version ${SNAPSHOT_VERSION}: ${quote(snapshot)}`);
	if (captured.showdown !== version) throw new Failure('bad_snapshot', `this snapshot is of simulator ${quote(captured.showdown)}; this one is ${version}`);
	return captured;
}

function loadBattle(snapshot, want = []) {
	const captured = readSnapshot(snapshot);
	const setup = { ...captured.setup, want: readWant(want) };
	try {
		return restore(captured, setup);
	} catch (error) {
		if (error instanceof Failure) throw error;
		throw new Failure('bad_snapshot', `this snapshot cannot be restored: ${error.message}`);
	}
}

/**
 * A copy of a battle: exact, with another seed, or with everything redrawn that one seat cannot know.
 */
function forkBattle(arena, { seed = null, determinize: hidden = null }) {
	if (seed !== null) checkSeed(seed);
	const copy = restore(clone(capture(arena)), arena.setup);
	if (hidden !== null) {
		if (typeof hidden !== 'object' || !SEATS.includes(hidden.seat)) throw new Failure('bad_command', `determinize is {"seat": 0 or 1, "seed": "1,2,3,4"}, got ${quote(hidden)}`);
		return determinize(copy, hidden.seat, checkSeed(hidden.seed), seed);
	}
	if (seed !== null) copy.battle.prng = new PRNG(seed);
	return copy;
}

module.exports = { capture, clone, forkBattle, loadBattle, restore, saveBattle };
