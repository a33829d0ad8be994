'use strict';
/**
 * Reads one player's request: what kind of decision it is, which moves each slot has, where each Pokémon stood at the start.
 *
 * A request is the JSON object that the simulator shows to that player alone. Its `side.pokemon` lists the actives first and,
 * after the preview, only the Pokémon that were brought. `order[k]` is the original index (0..5) of its k-th Pokémon.
 */

/** Move targets for which the player names a slot; for all others naming one is an error. */
const CHOSEN_TARGETS = new Set(['normal', 'any', 'adjacentAlly', 'adjacentAllyOrSelf', 'adjacentFoe']);

/** "preview", "move", "switch", "wait" or "over". A side whose choice is held waits. */
function kindOf(request, over, held) {
	if (over) return 'over';
	if (!request || request.wait || held) return 'wait';
	if (request.teamPreview) return 'preview';
	return request.forceSwitch ? 'switch' : 'move';
}

function isFainted(entry) {
	return entry.condition.endsWith(' fnt');
}

/**
 * The moves that a slot may choose from, numbered as in the actions: `[{id, name, pp, maxpp, target, disabled, choice}]`.
 *
 * `choice` is the position in the request, from 1. A move that the Pokémon is locked into keeps its own number when it
 * is one of its moves, and the others are shown disabled; otherwise (Struggle, recharging) it is number 0, alone.
 */
function activeMoves(request, slot) {
	const entry = request.side.pokemon[slot];
	const moves = request.active[slot].moves;
	const own = entry.moves;
	if (moves.length === 1 && own.length > 1) {
		const index = own.indexOf(moves[0].id);
		if (index >= 0) return own.map((id, i) => i === index ? moveOption(moves[0], 1) : { id, name: '', target: '', disabled: true, choice: 0 });
	}
	return moves.map((move, i) => moveOption(move, i + 1));
}

function moveOption(move, choice) {
	return {
		id: move.id, name: move.move, pp: move.pp, maxpp: move.maxpp, target: move.target || '', disabled: !!move.disabled, choice,
	};
}

/** Whether the slot decides nothing in a move request: nobody there, fainted, or inside its ally's mouth. */
function isIdle(request, slot) {
	const entry = request.side.pokemon[slot];
	return !entry || !request.active[slot] || isFainted(entry) || !!entry.commanding;
}

module.exports = { CHOSEN_TARGETS, activeMoves, isFainted, isIdle, kindOf };
