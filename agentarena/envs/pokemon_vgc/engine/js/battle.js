'use strict';
/**
 * One battle: the simulator's Battle, what each player knows, and what each may do now.
 *
 * Everything that a player receives is derived from its own request and its own channel (knowledge.js). The simulator's
 * object is touched only to make choices, to read the log, and to number the player's own Pokémon.
 */
const { Failure, quote } = require('./failure');
const { checkSeed, getFormat } = require('./formats');
const { digest, playerLines } = require('./channel');
const { Knowledge } = require('./knowledge');
const { activeMoves, isFainted, kindOf } = require('./requests');
const { checkAction, choiceText, legalActions, randomAction } = require('./masks');
const { encodeSide } = require('./features');
const { generateTeam, playableTeam, teamSeeds } = require('./teams');
const { parties } = require('./party');
const { viewOf } = require('./view');
const { Battle, PRNG } = require('./showdown');

const SEATS = [0, 1];
const WANTS = new Set(['features', 'view', 'lines']);

/** The checked options of a "start" command. */
function readSetup({ format, rules = [], seed, teams = [null, null], sheets = 'open', prune = true, want = [] }) {
	const entry = getFormat(format, rules);
	checkSeed(seed);
	if (!Array.isArray(teams) || teams.length !== 2) throw new Failure('bad_command', `teams is a pair, got ${quote(teams)}`);
	if (sheets !== 'open' && sheets !== 'closed') throw new Failure('bad_command', `sheets is "open" or "closed", got ${quote(sheets)}`);
	const seeds = teamSeeds(seed);
	const packed = SEATS.map(seat => teams[seat] === null ? generateTeam(entry, seeds[seat]) : playableTeam(entry, teams[seat]));
	return { format, rules, seed, teams: packed, sheets, prune: !!prune, want: readWant(want) };
}

function readWant(want) {
	if (!Array.isArray(want) || !want.every(item => WANTS.has(item))) throw new Failure('bad_command', `want is a list of ${[...WANTS].join(', ')}, got ${quote(want)}`);
	return want;
}

class ArenaBattle {
	/**
	 * @param {object} setup See readSetup.
	 * @param {object} battle The simulator's battle, started or restored.
	 * @param {object|null} memory What a snapshot adds to the simulator's state: {position, knowledge, again}.
	 */
	constructor(setup, battle, memory = null) {
		this.setup = setup;
		this.entry = getFormat(setup.format, setup.rules);
		this.battle = battle;
		this.errors = ['', ''];
		battle.send = (type, data) => this.receive(type, data);
		this.position = memory ? memory.position : 0;
		this.again = memory ? memory.again.slice() : [null, null];
		this.knowledge = SEATS.map(seat => new Knowledge(seat, this.entry.dex, memory && memory.knowledge[seat]));
		this.fresh = [[], []];
		this.sides = null;
		this.sets = battle.sides.map(side => side.team.slice());
	}

	static start(command) {
		const setup = readSetup(command);
		const { full } = getFormat(setup.format, setup.rules);
		const battle = new Battle({ formatid: full, seed: setup.seed, strictChoices: false });
		SEATS.forEach(seat => battle.setPlayer(`p${seat + 1}`, { name: `Player ${seat + 1}`, team: setup.teams[seat] }));
		if (setup.sheets === 'open' && battle.turn === 0 && !battle.ruleTable.has('forceopenteamsheets')) battle.showOpenTeamSheets();
		return new ArenaBattle(setup, battle);
	}

	/** Keeps the simulator's answer to a refused choice. */
	receive(type, data) {
		if (type !== 'sideupdate') return;
		const match = /^p([12])\n\|error\|(.*)$/s.exec(data);
		if (match) this.errors[Number(match[1]) - 1] = match[2];
	}

	/** Reads the part of the log that is new, into both players' knowledge. */
	readLog() {
		const { battle } = this;
		if (this.position >= battle.log.length) return;
		const lines = playerLines(battle.log, this.position);
		this.position = battle.sentLogPos = battle.log.length;
		for (const seat of SEATS) {
			this.knowledge[seat].read(lines[seat]);
			if (this.setup.want.includes('lines')) this.fresh[seat].push(...lines[seat]);
		}
	}

	/** Original index of each Pokémon in a side's present request. */
	order(seat) {
		return this.battle.sides[seat].pokemon.map(member => this.sets[seat].indexOf(member.set));
	}

	/** Whether the side has chosen and waits for the other one, which was asked again. */
	isHeld(seat) {
		const side = this.battle.sides[seat];
		return !!side.requestState && side.choice.actions.length > 0 && side.isChoiceDone();
	}

	/** What each side may do now: [{kind, request, order, legal}, ...]. Computed once per decision. */
	present() {
		if (!this.sides) {
			this.readLog();
			this.sides = SEATS.map(seat => this.presentSide(seat));
		}
		return this.sides;
	}

	presentSide(seat) {
		const side = this.battle.sides[seat];
		const request = side.activeRequest || { wait: true, side: side.getRequestData() };
		const kind = kindOf(request, this.battle.ended, this.isHeld(seat));
		const order = this.order(seat);
		if (kind === 'move') request.active.forEach((active, slot) => active && request.side.pokemon[slot] && this.knowledge[seat].readPP(order[slot], activeMoves(request, slot)));
		return { kind, request, order, legal: legalActions(kind, request, order, this.standing(seat, kind, request)) };
	}

	/** For each slot whether [foe left, foe right, ally] stand, as the player sees it; null where fainted targets stay legal. */
	standing(seat, kind, request) {
		if (kind !== 'move' || !this.setup.prune) return [null, null];
		const { state, foe } = this.knowledge[seat];
		const foes = [!state.slots[`${foe}a`].fainted, !state.slots[`${foe}b`].fainted];
		return [0, 1].map(slot => {
			const ally = request.side.pokemon[1 - slot];
			return [...foes, !!ally && !!ally.active && !isFainted(ally)];
		});
	}

	/** Makes the choices of both sides. Leaves the battle as it was when an action is not legal. */
	choose(actions) {
		if (!Array.isArray(actions) || actions.length !== 2) throw new Failure('bad_choice', `actions is a pair of actions or null, got ${quote(actions)}`);
		const sides = this.present();
		const deciding = SEATS.filter(seat => sides[seat].kind !== 'wait' && sides[seat].kind !== 'over');
		if (!deciding.length) throw new Failure('bad_choice', 'the battle is over');
		for (const seat of SEATS) {
			if (!deciding.includes(seat) && actions[seat] === null) continue;
			checkAction(sides[seat].kind, sides[seat].legal, actions[seat], seat);
		}
		this.commit(deciding, actions);
	}

	commit(deciding, actions) {
		const sides = this.sides;
		this.sides = null;
		this.errors = ['', ''];
		const again = [null, null];
		for (const seat of deciding) {
			const text = choiceText(sides[seat].kind, sides[seat].request, sides[seat].order, actions[seat]);
			if (this.battle.choose(`p${seat + 1}`, text)) continue;
			const error = this.errors[seat] || 'refused without a reason';
			this.battle.sides[seat].clearChoice();
			if (!error.startsWith('[Unavailable choice]')) {
				for (const other of deciding) this.battle.sides[other].clearChoice();
				throw new Failure('bad_choice', `the simulator refused ${quote(text)} of side ${seat}: ${error}`);
			}
			again[seat] = error.replace('[Unavailable choice] ', '');
		}
		this.again = again;
	}

	/** The present decision as the protocol's Update; new lines are handed out once. */
	update() {
		const sides = this.present();
		const fresh = this.fresh;
		this.fresh = [[], []];
		return this.describe(sides, fresh);
	}

	/** The present decision again, without lines; new ones stay for the next update. `want` is by default the battle's. */
	peek({ want } = {}) {
		return this.describe(this.present(), [[], []], want === undefined ? this.setup.want : readWant(want));
	}

	describe(sides, fresh, want = this.setup.want) {
		const { battle } = this;
		return {
			turn: battle.turn, over: battle.ended, winner: this.winner(), sides: SEATS.map(seat => this.sideUpdate(seat, sides[seat], fresh[seat], want)),
		};
	}

	sideUpdate(seat, side, lines, want) {
		const { slots, passes, pick } = side.legal;
		const update = { kind: side.kind, again: this.again[seat], slots, passes, pick };
		const teams = want.includes('features') || want.includes('view') ? parties(this.knowledge[seat], side, this.entry) : null;
		if (want.includes('features')) Object.assign(update, encodeSide(this.knowledge[seat], side, teams));
		if (want.includes('view')) update.view = viewOf(this.knowledge[seat], side, this.entry, teams);
		if (want.includes('lines')) update.lines = lines;
		return update;
	}

	/** 0, 1, or null while the battle goes on and after a draw. */
	winner() {
		if (!this.battle.ended || !this.battle.winner) return null;
		return this.battle.winner === this.battle.sides[0].name ? 0 : 1;
	}

	/** Plays on with random legal pairs, to the end or for some turns. */
	playout({ seed, turns = null }) {
		const prng = new PRNG(checkSeed(seed));
		if (turns !== null && (!Number.isInteger(turns) || turns < 0)) throw new Failure('bad_command', `turns is null or a whole number, got ${quote(turns)}`);
		const last = turns === null ? Infinity : this.battle.turn + turns;
		const limit = this.battle.turn + 1000;
		while (!this.battle.ended && this.battle.turn < Math.min(last, limit)) this.chooseRandom(prng);
		return { over: this.battle.ended, winner: this.winner(), left: SEATS.map(seat => this.healthLeft(seat)), turn: this.battle.turn };
	}

	/** One random decision. Returns how many sides decided. */
	chooseRandom(prng) {
		const sides = this.present();
		const deciding = SEATS.filter(seat => sides[seat].kind !== 'wait' && sides[seat].kind !== 'over');
		const actions = [null, null];
		for (const seat of deciding) actions[seat] = randomAction(sides[seat].kind, sides[seat].legal, n => prng.random(n));
		this.commit(deciding, actions);
		return deciding.length;
	}

	healthLeft(seat) {
		return this.battle.sides[seat].pokemon.reduce((sum, member) => sum + (member.fainted ? 0 : member.hp / member.maxhp), 0);
	}

	digest() {
		return digest(this.battle.log);
	}

	destroy() {
		this.battle.destroy();
	}
}

module.exports = { ArenaBattle, SEATS, readWant };
