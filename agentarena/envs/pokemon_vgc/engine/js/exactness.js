'use strict';
/**
 * Compares masks with the simulator's own validator: every pair of candidate choice strings, for sampled requests.
 *
 *     AGENTARENA_SHOWDOWN=... node exactness.js <format> <requests> [file with one packed team a line] [seed]
 *
 * Battles are played at random. For a sampled request all combinations of `pass`, `switch 1..6`, and `move 1..4` with every
 * target and gimmick are offered to `side.choose`; the side's choice, its request and the flags of its Pokémon are put
 * back after each. A pair that the validator accepts and the mask lacks is a false negative, the opposite a false positive.
 * Exceptions, by design: passing while reviving, a gimmick that the simulator ignores (locked moves), and what only a
 * refused choice reveals ("Unavailable": legal as far as the player can know).
 */
const fs = require('fs');
const { ArenaBattle, SEATS } = require('./battle');
const { choiceText, isLegalPair } = require('./masks');
const { PRNG } = require('./showdown');

const TARGETS = ['', ' +1', ' +2', ' -1', ' -2'];
const GIMMICKS = ['', ' terastallize', ' mega', ' megax', ' megay'];
const FLAGS = ['trapped', 'maybeTrapped', 'maybeDisabled', 'maybeLocked', 'switchFlag'];

function slotCandidates() {
	const candidates = ['pass'];
	for (let k = 1; k <= 6; k++) candidates.push(`switch ${k}`);
	for (let m = 1; m <= 4; m++) for (const target of TARGETS) for (const gimmick of GIMMICKS) candidates.push(`move ${m}${target}${gimmick}`);
	return candidates;
}

const CANDIDATES = slotCandidates();

/** Offers choices of one side to the simulator and undoes them: "accepted", "unavailable" or "invalid". */
class Validator {
	constructor(arena, seat) {
		this.arena = arena;
		this.seat = seat;
		this.side = arena.battle.sides[seat];
		this.request = JSON.stringify(this.side.activeRequest);
		this.flags = this.side.pokemon.map(pokemon => FLAGS.map(flag => pokemon[flag]));
	}

	offer(text) {
		const { side, arena, seat } = this;
		arena.errors[seat] = '';
		side.choice.cantUndo = false;
		const accepted = side.choose(text) && side.isChoiceDone();
		const error = arena.errors[seat];
		this.undo();
		if (accepted) return 'accepted';
		return error.startsWith('[Unavailable') ? 'unavailable' : 'invalid';
	}

	undo() {
		const { side } = this;
		side.choice.cantUndo = false;
		side.clearChoice();
		side.pokemon.forEach((pokemon, k) => FLAGS.forEach((flag, f) => { pokemon[flag] = this.flags[k][f]; }));
		side.activeRequest = JSON.parse(this.request);
	}
}

/** Whether a slot's present moves are one that it is locked into, so that a gimmick is read and ignored. */
function isLocked(pokemon) {
	return !!(pokemon.getLockedMove() || pokemon.getSemiLockedMove() || !pokemon.getMoves().length);
}

/** Reads candidates that mean the same as another one: gimmicks of locked moves. */
function isIgnored(side, parts) {
	return parts.some((part, slot) => / (terastallize|megax?|megay)$/.test(part) && side.active[slot] && isLocked(side.active[slot]));
}

function isRevivingPass(side, parts) {
	return parts.some((part, slot) => part === 'pass' && side.slotConditions[slot].revivalblessing);
}

/** Legal pairs of the mask as choice strings. */
function maskedTexts(present) {
	const texts = new Set();
	const [first, second] = present.legal.slots;
	for (const a of first) {
		for (const b of second) if (isLegalPair(a, b, present.legal.passes)) texts.add(choiceText(present.kind, present.request, present.order, [a, b]));
	}
	return texts;
}

/** Compares one side's mask. Returns the pairs on which both disagree. */
function compare(arena, seat) {
	const present = arena.presentSide(seat);
	const masked = maskedTexts(present);
	const validator = new Validator(arena, seat);
	const { side } = validator;
	const wrong = [];
	let offered = 0;
	const alone = CANDIDATES.filter(part => part === 'pass' || !clearlyInvalid(validator, part));
	for (const a of alone) {
		for (const b of CANDIDATES) {
			const text = `${a}, ${b}`;
			const verdict = validator.offer(text);
			offered++;
			if (masked.delete(text)) {
				if (verdict === 'invalid') wrong.push(`false positive: ${text}`);
			} else if (verdict === 'accepted' && !isIgnored(side, [a, b]) && !isRevivingPass(side, [a, b])) {
				wrong.push(`false negative: ${text}`);
			}
		}
	}
	for (const text of masked) if (validator.offer(text) === 'invalid') wrong.push(`false positive: ${text}`);
	return { wrong, offered };
}

/** Whether the first slot's choice is refused by itself, so that no pair with it can be accepted. */
function clearlyInvalid(validator, part) {
	const { side, arena, seat } = validator;
	arena.errors[seat] = '';
	side.choice.cantUndo = false;
	const accepted = side.choose(part);
	const refused = !accepted && !arena.errors[seat].startsWith('[Unavailable');
	validator.undo();
	return refused;
}

function run(format, requests, teams, seed) {
	const prng = new PRNG(seed);
	const count = { format, requests: 0, offered: 0, wrong: 0, battles: 0, switches: 0, reviving: 0, commanding: 0, trapped: 0 };
	while (count.requests < requests) {
		const pair = teams ? SEATS.map(() => teams[prng.random(teams.length)]) : [null, null];
		const words = Array.from({ length: 4 }, () => prng.random(65536)).join(',');
		const arena = ArenaBattle.start({ format, seed: words, teams: pair, prune: false });
		count.battles++;
		while (!arena.battle.ended && count.requests < requests) {
			for (const seat of SEATS) {
				const { kind } = arena.present()[seat];
				if ((kind === 'move' && prng.random(4) === 0) || kind === 'switch') sample(arena, seat, count);
			}
			arena.sides = null;
			arena.chooseRandom(prng);
		}
	}
	return count;
}

function sample(arena, seat, count) {
	const request = arena.battle.sides[seat].activeRequest;
	const { wrong, offered } = compare(arena, seat);
	count.requests++;
	count.offered += offered;
	count.wrong += wrong.length;
	if (request.forceSwitch) count.switches++;
	if (request.side.pokemon.some(entry => entry.reviving)) count.reviving++;
	if (request.side.pokemon.some(entry => entry.commanding)) count.commanding++;
	if (request.active && request.active.some(active => active && (active.trapped || active.maybeTrapped))) count.trapped++;
	for (const line of wrong.slice(0, 5)) process.stderr.write(`${line}\n${JSON.stringify(request).slice(0, 1500)}\n`);
}

function main([format, requests, file, seed = '1,2,3,4']) {
	const teams = file && file !== '-' ? fs.readFileSync(file, 'utf8').trim().split('\n') : null;
	process.stdout.write(`${JSON.stringify(run(format, Number(requests), teams, seed))}\n`);
}

if (require.main === module) main(process.argv.slice(2));

module.exports = { run };
