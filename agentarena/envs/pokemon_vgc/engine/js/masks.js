'use strict';
/**
 * Legal actions of one player, and the choice string that an action stands for. Both come from the player's own request.
 *
 * Actions of a slot (0..54):
 *     0            pass
 *     1 + k        switch to the Pokémon with original index k
 *     7 + 4m + t   move m at target t: 0 no target or itself, 1 foe on the left, 2 foe on the right, 3 ally
 *     23 + 4m + t  the same after Terastallizing or Mega Evolving (X, where there are two)
 *     39 + 4m + t  the same after Mega Evolving to Y
 *
 * Two actions form a legal pair when each is in its slot's list and: they are not the same switch, at most one uses a
 * gimmick, and, where `passes` is a number, exactly that many are 0.
 */
const { Failure, quote } = require('./failure');
const { CHOSEN_TARGETS, activeMoves, isFainted, isIdle } = require('./requests');

const PASS = 0;
const SWITCH = 1;
const MOVE = 7;
const GIMMICK = 23;
const GIMMICK_Y = 39;
const ACTIONS = 55;

/** Target numbers that a target type allows, before fainted Pokémon are left out. */
const TARGETS = {
	normal: [1, 2, 3], any: [1, 2, 3], adjacentFoe: [1, 2], adjacentAlly: [3], adjacentAllyOrSelf: [0, 3],
};
const NO_TARGET = [0];

/**
 * The targets of a move. `standing` is [foe left, foe right, ally] as booleans; null leaves fainted targets in.
 * Where nobody is left to aim at, all targets stay: the simulator accepts them and the move fails.
 */
function targetsOf(type, standing) {
	if (!CHOSEN_TARGETS.has(type)) return NO_TARGET;
	const all = TARGETS[type];
	if (!standing) return all;
	const alive = all.filter(target => target === 0 || standing[target - 1]);
	return alive.length ? alive : all;
}

function switchActions(request, order, first, fainted) {
	const actions = [];
	request.side.pokemon.forEach((entry, k) => {
		if (k >= first && isFainted(entry) === fainted) actions.push(SWITCH + order[k]);
	});
	return actions.sort((a, b) => a - b);
}

/** First action numbers of the gimmicks that a slot may use this turn. */
function gimmicks(active) {
	const bases = [];
	if (active.canTerastallize || active.canMegaEvo || active.canMegaEvoX) bases.push(GIMMICK);
	if (active.canMegaEvoY) bases.push(GIMMICK_Y);
	return bases;
}

function moveSlot(request, order, slot, standing) {
	if (isIdle(request, slot)) return [PASS];
	const active = request.active[slot];
	const pairs = [];
	activeMoves(request, slot).slice(0, 4).forEach((move, m) => {
		if (!move.disabled) for (const target of targetsOf(move.target, standing)) pairs.push(4 * m + target);
	});
	const actions = active.trapped ? [] : switchActions(request, order, request.active.length, false);
	for (const base of [MOVE, ...gimmicks(active)]) for (const pair of pairs) actions.push(base + pair);
	return actions;
}

/** Slots and the number of passes of a forced switch. Reviving picks a fainted Pokémon, wherever it is, and never passes. */
function switchSlots(request, order) {
	const count = request.forceSwitch.length;
	const bench = switchActions(request, order, count, false);
	const reviving = slot => !!request.side.pokemon[slot]?.reviving;
	const leaving = request.forceSwitch.filter((must, slot) => must && !reviving(slot)).length;
	const short = leaving > bench.length;
	const slots = request.forceSwitch.map((must, slot) => {
		if (!must) return [PASS];
		if (reviving(slot)) return switchActions(request, order, 0, true);
		return short ? [PASS, ...bench] : bench;
	});
	return { slots, passes: short && bench.length ? leaving - bench.length : null };
}

/**
 * What one player may do.
 *
 * @param {string} kind See requests.kindOf.
 * @param {object} request The player's request.
 * @param {number[]} order Original index of each Pokémon of the request.
 * @param {Array<boolean[]|null>} standing Per slot [foe left, foe right, ally] alive, or null to keep fainted targets.
 * @returns {{slots: number[][], passes: number|null, pick: number}}
 */
function legalActions(kind, request, order, standing) {
	if (kind === 'preview') {
		const size = request.side.pokemon.length;
		const members = Array.from({ length: size }, (_, k) => SWITCH + k);
		return { slots: [members, members], passes: null, pick: Math.min(size, request.maxChosenTeamSize || size) };
	}
	if (kind === 'switch') return { ...switchSlots(request, order), pick: 0 };
	if (kind !== 'move') return { slots: [[], []], passes: null, pick: 0 };
	return { slots: request.active.map((_, slot) => moveSlot(request, order, slot, standing[slot])), passes: null, pick: 0 };
}

/** Whether two actions that are legal by themselves are legal together. */
function isLegalPair(a, b, passes) {
	if (a === b && a >= SWITCH && a < MOVE) return false;
	if (a >= GIMMICK && b >= GIMMICK) return false;
	return passes === null || (a === PASS) + (b === PASS) === passes;
}

function isInteger(value) {
	return typeof value === 'number' && Number.isInteger(value);
}

/** Checks an action against what is legal. Throws Failure("bad_choice"). */
function checkAction(kind, legal, action, seat) {
	const who = `side ${seat}`;
	if (kind === 'wait' || kind === 'over') throw new Failure('bad_choice', `${who} has nothing to decide (${kind}): send null, got ${quote(action)}`);
	const size = kind === 'preview' ? legal.pick : 2;
	if (!Array.isArray(action) || action.length !== size || !action.every(isInteger)) {
		throw new Failure('bad_choice', `${who} needs ${size} integers (${kind}), got ${quote(action)}`);
	}
	if (kind === 'preview') {
		const allowed = legal.slots[0].length;
		if (new Set(action).size !== size || action.some(member => member < 1 || member > allowed)) {
			throw new Failure('bad_choice', `${who} picks ${size} different team members from 1 to ${allowed}, got ${quote(action)}`);
		}
		return;
	}
	action.forEach((value, slot) => {
		if (!legal.slots[slot].includes(value)) {
			throw new Failure('bad_choice', `${who}, slot ${slot}: ${value} is not legal; legal are ${quote(legal.slots[slot])}`);
		}
	});
	if (!isLegalPair(action[0], action[1], legal.passes)) {
		throw new Failure('bad_choice', `${who}: ${quote(action)} is not legal together (same switch twice, two gimmicks, or passes other than ${legal.passes})`);
	}
}

const FOE_TARGETS = ['', ' +1', ' +2'];

/** Target part of a choice string. Allies are counted as negative slots: -1 is the left one, -2 the right one. */
function targetText(type, target, slot) {
	if (!CHOSEN_TARGETS.has(type)) return '';
	if (target === 1 || target === 2) return FOE_TARGETS[target];
	const own = slot + 1;
	return ` -${target === 3 ? 3 - own : own}`;
}

function gimmickText(active, action) {
	if (action >= GIMMICK_Y) return ' megay';
	if (action < GIMMICK) return '';
	if (active.canTerastallize) return ' terastallize';
	return active.canMegaEvo ? ' mega' : ' megax';
}

function slotText(request, order, slot, action) {
	if (action === PASS) return 'pass';
	if (action < MOVE) return `switch ${order.indexOf(action - SWITCH) + 1}`;
	const pair = (action - MOVE) % 16;
	const move = activeMoves(request, slot)[pair >> 2];
	return `move ${move.choice}${targetText(move.target, pair & 3, slot)}${gimmickText(request.active[slot], action)}`;
}

/** The simulator's choice string of a legal action. */
function choiceText(kind, request, order, action) {
	if (kind === 'preview') return `team ${action.join(action.some(member => member > 9) ? ',' : '')}`;
	return action.map((value, slot) => slotText(request, order, slot, value)).join(', ');
}

/** A uniformly random legal pair; `random(n)` draws from 0..n-1. Pairs are drawn until one is legal together. */
function randomAction(kind, legal, random) {
	if (kind === 'preview') {
		const members = legal.slots[0].slice();
		for (let i = 0; i < legal.pick; i++) {
			const j = i + random(members.length - i);
			[members[i], members[j]] = [members[j], members[i]];
		}
		return members.slice(0, legal.pick);
	}
	for (;;) {
		const pair = legal.slots.map(actions => actions[random(actions.length)]);
		if (isLegalPair(pair[0], pair[1], legal.passes)) return pair;
	}
}

module.exports = {
	ACTIONS, GIMMICK, GIMMICK_Y, MOVE, PASS, SWITCH, TARGETS, checkAction, choiceText, isLegalPair, legalActions, randomAction, targetsOf,
};
