'use strict';
/** Reads from the lines after a decision which action a player took. */
const { parseDetails } = require('./line_parts');
const { GIMMICK, GIMMICK_Y, MOVE, PASS, SWITCH } = require('./masks');
const { CHOSEN_TARGETS, activeMoves } = require('./requests');
const { toID } = require('./showdown');

const LETTERS = ['a', 'b'];
/** Moves that draw others to their user, so that the target in the log may not be the chosen one. */
const REDIRECTING = new Set(['followme', 'ragepowder', 'spotlight']);

/** Number of the team member that a switch line shows, from 1; null when it cannot be told. */
function memberOf(parts, team, dex) {
	const name = parts[2].slice(5);
	const base = dex.species.get(parseDetails(parts[3]).species).baseSpecies;
	const fits = team.map(member => dex.species.get(member.origin).baseSpecies === base && (!member.seen || member.name === name));
	const index = fits.indexOf(true);
	return index < 0 ? null : SWITCH + index;
}

/** Leads and the others that came in later; null for those that never did. */
function previewAction({ seat, part, team, dex, side }) {
	const leads = part.map(line => line.split('|')).filter(parts => parts[1] === 'switch' && parts[2].startsWith(`p${seat + 1}`)).slice(0, 2);
	const action = leads.map(parts => memberOf(parts, team, dex));
	team.forEach((member, index) => {
		if (member.seen && !action.includes(SWITCH + index) && action.length < side.legal.pick) action.push(SWITCH + index);
	});
	while (action.length < side.legal.pick) action.push(null);
	return action;
}

function switchAction({ seat, part, team, dex, side }) {
	return side.request.forceSwitch.map((must, slot) => {
		if (!must) return PASS;
		const line = part.map(text => text.split('|')).find(parts => parts[1] === 'switch' && parts[2].startsWith(`p${seat + 1}${LETTERS[slot]}`));
		return line ? memberOf(line, team, dex) : PASS;
	});
}

/** Whether a line makes later targets of the log doubtful: a foe draws attacks, or a Pokémon that may have been aimed at faints. */
function hidesTarget(parts, seat) {
	if (parts[1] === 'faint') return true;
	return parts[1] === 'move' && REDIRECTING.has(toID(parts[3])) && !parts[2].startsWith(`p${seat + 1}`);
}

/** Target number of a move line, 0 where none is chosen, null where the log cannot tell. */
function targetOf(parts, type, seat, slot, unsure) {
	if (!CHOSEN_TARGETS.has(type)) return 0;
	const ident = parts[4] || '';
	const place = LETTERS.indexOf(ident[2]);
	if (!/^p[12][ab]/.test(ident)) return null;
	if (ident.startsWith(`p${seat + 1}`)) return place === slot ? 0 : 3;
	return unsure ? null : 1 + place;
}

function gimmickBase(parts, position, base) {
	if (!parts[2].startsWith(position)) return base;
	if (parts[1] === '-terastallize' || parts[1] === '-mega') return base === GIMMICK_Y ? base : GIMMICK;
	return parts[1] === 'detailschange' && /-Mega-Y/.test(parts[3]) ? GIMMICK_Y : base;
}

function moveAction({ side, seat, slot, part, team, dex }) {
	if (side.legal.slots[slot].length === 1 && side.legal.slots[slot][0] === PASS) return PASS;
	const position = `p${seat + 1}${LETTERS[slot]}`;
	let base = MOVE;
	let unsure = false;
	for (const line of part) {
		const parts = line.split('|');
		if (parts.length < 3) continue;
		if (parts[1] === 'swap' || (parts[1] === 'drag' && parts[2].startsWith(position))) return null;
		unsure ||= hidesTarget(parts, seat);
		base = gimmickBase(parts, position, base);
		if (!parts[2].startsWith(position)) continue;
		if (parts[1] === 'switch') return memberOf(parts, team, dex);
		if (parts[1] === 'cant' || parts[1] === 'faint') return null;
		if (parts[1] === 'move') return parts.some(part => part.startsWith('[from]')) ? null : moveNumber(parts, side, seat, slot, base, unsure);
	}
	return null;
}

function moveNumber(parts, side, seat, slot, base, unsure) {
	const moves = activeMoves(side.request, slot);
	const index = moves.findIndex(move => move.id === toID(parts[3]));
	if (index < 0) return null;
	const target = targetOf(parts, moves[index].target, seat, slot, unsure);
	return target === null ? null : base + 4 * index + target;
}

/**
 * The action behind a part of a log.
 *
 * @returns {Array<number|null>} Numbers as in masks.js, one a slot (at the preview: leads, then back); null where unknown.
 */
function readAction(context) {
	const { side } = context;
	if (side.kind === 'preview') return previewAction(context);
	if (side.kind === 'switch') return switchAction(context);
	return [0, 1].map(slot => moveAction({ ...context, slot }));
}

module.exports = { readAction };
