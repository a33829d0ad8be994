'use strict';
/**
 * Reads the public log of a doubles battle with open team sheets, and gives for every decision what the player saw and did.
 *
 * The numbers, views and masks come from the code that plays. What a public log does not tell about a player's own side is
 * filled in as for a foe: stats of an even spread, HP from percentages. Actions that were never seen (a Pokémon fainted,
 * flinched or slept first) are null in their slot; the player's Pokémon that never came in count as left out.
 */
const { Failure, quote } = require('./failure');
const { encodeSide } = require('./features');
const { getFormat } = require('./formats');
const { Knowledge } = require('./knowledge');
const { legalActions } = require('./masks');
const { parties } = require('./party');
const { readAction } = require('./followed_action');
const { tablesOf } = require('./tables');
const { viewOf } = require('./view');

const SEATS = [0, 1];
const MOST_LINES = 50000;
const LETTERS = ['a', 'b'];
const CLOCK = '|t:|';

/** Lines cut where a decision was made: the simulator writes the clock at the start of each part. */
function segments(lines) {
	const parts = [[]];
	for (const line of lines) {
		if (line.startsWith(CLOCK)) parts.push([]);
		else parts[parts.length - 1].push(line);
	}
	return parts;
}

class Follower {
	constructor(entry, lines) {
		this.entry = entry;
		this.tables = tablesOf(entry.dex);
		this.parts = segments(lines);
		/** knowledge[seat] is what that seat knows of the other; knowledge[1 - seat] knows the seat's own side from outside. */
		this.knowledge = SEATS.map(seat => new Knowledge(seat, entry.dex));
		this.whole = SEATS.map(seat => new Knowledge(seat, entry.dex));
		for (const known of this.whole) known.read(lines);
	}

	read(lines) {
		for (const known of this.knowledge) known.read(lines);
	}

	/** The seat's own members as the other side knows them, in the order of the team sheet. */
	members(seat) {
		return this.knowledge[1 - seat].state.team;
	}

	/** Members that ever came in. */
	broughtOf(seat) {
		return this.whole[1 - seat].state.team.map(member => member.seen);
	}

	condition(member) {
		if (member.fainted) return '0 fnt';
		const { hp } = this.tables.typicalStats(member.species, member.level, member.nature);
		return `${Math.max(1, Math.round(hp * member.percent / 100))}/${hp}${member.status ? ` ${member.status}` : ''}`;
	}

	entryOf(seat, index, active) {
		const member = this.members(seat)[index];
		const { atk, def, spa, spd, spe } = this.tables.typicalStats(member.species, member.level, member.nature);
		return {
			ident: `p${seat + 1}: ${member.name || member.species}`, details: `${member.species}, L${member.level}${member.gender ? `, ${member.gender}` : ''}`,
			condition: this.condition(member), active, stats: { atk, def, spa, spd, spe }, moves: member.moves.map(move => move.id), baseAbility: member.baseAbility || '',
			item: member.item || '', ability: member.ability || '', teraType: member.tera || '', terastallized: member.terastallized ? member.tera : '',
		};
	}

	/** The order of a request: actives, then the bench. Returns member indices. */
	order(seat, preview) {
		const count = this.members(seat).length;
		const all = Array.from({ length: count }, (_, index) => index);
		if (preview) return all;
		const brought = this.broughtOf(seat);
		const actives = this.actives(seat).filter(index => index !== null);
		return [...actives, ...all.filter(index => brought[index] && !actives.includes(index))];
	}

	actives(seat) {
		const { slots } = this.knowledge[1 - seat].state;
		return LETTERS.map(letter => slots[`p${seat + 1}${letter}`].member);
	}

	movesOf(seat, slot, member) {
		const state = this.knowledge[1 - seat].state.slots[`p${seat + 1}${LETTERS[slot]}`];
		const known = state.moves || member.moves;
		const locked = this.lockedMove(member, state);
		return known.slice(0, 4).map(({ id, used }) => {
			const facts = this.tables.move(id);
			const barred = facts.category === 'Status' && (state.volatile.taunt !== undefined || member.item === 'assaultvest');
			return { id, move: facts.name, pp: Math.max(1, facts.pp - used), maxpp: facts.pp, target: facts.target, disabled: barred || !!locked && locked !== id };
		});
	}

	/** The only move that may be chosen, because of a Choice item or Encore; '' where there is none. */
	lockedMove(member, state) {
		const choice = member.item && member.item.startsWith('choice');
		return state.lastMove && (choice || state.volatile.encore !== undefined) ? state.lastMove : '';
	}

	activeOf(seat, slot, index) {
		const member = this.members(seat)[index];
		if (!member || member.fainted) return null;
		const active = { moves: this.movesOf(seat, slot, member) };
		const unused = !this.knowledge[seat].state.gimmick[`p${seat + 1}`];
		if (unused && !this.tables.champions && member.tera) active.canTerastallize = member.tera;
		if (unused && this.tables.champions) Object.assign(active, this.megaOf(member));
		return active;
	}

	megaOf(member) {
		const stone = this.entry.dex.items.get(member.item).megaStone;
		const fits = stone && this.entry.dex.species.get(Object.keys(stone)[0]).baseSpecies === this.entry.dex.species.get(member.species).baseSpecies;
		return fits ? { canMegaEvo: true } : {};
	}

	/** The decision of one seat: like battle.js's, with a request put together from the sheet and the log. */
	decision(seat, kind, forced) {
		const order = this.order(seat, kind === 'preview');
		const actives = this.actives(seat);
		const pokemon = order.map((index, k) => this.entryOf(seat, index, kind !== 'preview' && k < actives.filter(member => member !== null).length));
		const request = { side: { name: '', id: `p${seat + 1}`, pokemon } };
		if (kind === 'preview') Object.assign(request, { teamPreview: true, maxChosenTeamSize: this.knowledge[seat].state.pick });
		if (kind === 'move') request.active = actives.map((index, slot) => index === null ? null : this.activeOf(seat, slot, index));
		if (kind === 'switch') request.forceSwitch = forced;
		const { state, foe } = this.knowledge[seat];
		const foes = LETTERS.map(letter => !state.slots[foe + letter].fainted);
		const alive = [0, 1].map(slot => !!pokemon[slot] && pokemon[slot].active && !pokemon[slot].condition.endsWith(' fnt'));
		const standing = [0, 1].map(slot => [...foes, alive[1 - slot]]);
		if (kind === 'move') request.active = [0, 1].map(slot => request.active[slot] || null);
		return { kind, request, order, legal: legalActions(kind, request, order, standing) };
	}

	/** Slots that must be filled before the battle goes on, seen from what comes next; [false, false] for a seat that waits. */
	forcedSlots(seat, part) {
		const forced = [false, false];
		for (const line of part) {
			const [, type, ident = ''] = line.split('|');
			if (type === 'move' || type === 'turn' || type === '-damage') break;
			if (type === 'switch' && ident.startsWith(`p${seat + 1}`)) forced[LETTERS.indexOf(ident[2])] = true;
		}
		const { slots } = this.knowledge[1 - seat].state;
		if (forced.some(Boolean)) LETTERS.forEach((letter, slot) => { if (slots[`p${seat + 1}${letter}`].fainted) forced[slot] = true; });
		return forced;
	}

	/** All decisions of the seats, in order. */
	run(seats) {
		const turns = [];
		let kind = 'preview';
		for (let i = 0; i < this.parts.length; i++) {
			const part = this.parts[i];
			if (i > 0 && (kind !== 'preview' || this.knowledge[0].state.preview)) for (const seat of seats) this.record(turns, seat, kind, i);
			this.read(part);
			kind = this.nextKind(part);
		}
		return turns;
	}

	/** What is decided after a part of the log. */
	nextKind(part) {
		if (part.some(line => line.startsWith('|turn|'))) return 'move';
		return this.knowledge[0].state.turn === 0 && !this.knowledge[0].state.slots.p1a.entered && this.actives(0)[0] === null ? 'preview' : 'switch';
	}

	record(turns, seat, kind, i) {
		const part = this.parts[i];
		const forced = kind === 'switch' ? this.forcedSlots(seat, part) : [false, false];
		if (kind === 'switch' && !forced.some(Boolean)) return;
		const side = this.decision(seat, kind, forced);
		const known = this.knowledge[seat];
		const roster = known.state.roster;
		known.records = { own: [], foe: [] };
		known.state.roster = null;
		const first = this.decision(seat, 'preview', forced);
		parties(known, first, this.entry);
		const teams = parties(known, side, this.entry);
		known.state.roster = roster;
		const action = readAction({ seat, side, part, team: this.whole[1 - seat].state.team, dex: this.entry.dex });
		turns.push({
			turn: known.state.turn, seat, kind, slots: side.legal.slots, passes: side.legal.passes, pick: side.legal.pick, action, legal: this.isLegal(side, action),
			...encodeSide(known, side, teams), view: viewOf(known, side, this.entry, teams),
		});
	}

	/** Whether the known parts of an action are in the mask; where not, the log hides something (a trap, a lock). */
	isLegal(side, action) {
		if (side.kind === 'preview') return true;
		return action.every((value, slot) => value === null || side.legal.slots[slot].includes(value));
	}
}

/** Who won: 0, 1, or null after a draw and where the log stops before the end. */
function winnerOf(lines) {
	const win = lines.find(line => line.startsWith('|win|'));
	const names = SEATS.map(seat => lines.find(line => line.startsWith(`|player|p${seat + 1}|`))?.split('|')[3]);
	return win && names.includes(win.slice(5)) ? names.indexOf(win.slice(5)) : null;
}

/**
 * Follows a log.
 *
 * @param {object} command {format, rules, seat: 0, 1 or null for both, lines: protocol lines of the log}.
 * @returns {{turns: object[], winner: number|null}} For each decision {turn, seat, kind, slots, passes, pick, action, legal, features, options, ids,
 *     view}. `action` has null where the log does not tell; `legal` is false where the action is not in the mask.
 */
function follow({ format, rules, seat = null, lines }) {
	const entry = getFormat(format, rules);
	if (!Array.isArray(lines) || lines.length > MOST_LINES || !lines.every(line => typeof line === 'string')) {
		throw new Failure('bad_command', `lines is a list of at most ${MOST_LINES} strings, got ${quote(lines)}`);
	}
	if (seat !== null && !SEATS.includes(seat)) throw new Failure('bad_command', `seat is 0, 1 or null, got ${quote(seat)}`);
	const sheets = SEATS.filter(player => lines.some(line => line.startsWith(`|showteam|p${player + 1}|`)));
	if (sheets.length < 2) throw new Failure('bad_command', 'this log has no open team sheets (|showteam| lines of both players)');
	try {
		return { turns: new Follower(entry, lines).run(seat === null ? SEATS : [seat]), winner: winnerOf(lines) };
	} catch (error) {
		throw new Failure('bad_command', `this log cannot be followed: ${error.message}`);
	}
}

module.exports = { follow };
