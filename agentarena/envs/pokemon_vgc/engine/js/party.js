'use strict';
/**
 * Both teams as one player knows them: six records each, the own ones in original order, from its request and its channel.
 *
 * A record has the fields of the protocol's Mon, with `volatile` as an object and, for actives, the slot's passing state.
 * Records are never changed. Those on the bench are kept from one decision to the next while nothing new is known of them.
 */
const { parseDetails } = require('./line_parts');
const { activeMoves } = require('./requests');
const { tablesOf } = require('./tables');
const { emptyBoosts } = require('./knowledge');

const NO_STATE = Object.freeze({});
const NO_BOOSTS = Object.freeze(emptyBoosts());

const detailsCache = new Map();
const MOST_DETAILS = 10000;

/** Species, level and gender of a request's details, such as "Rillaboom, L50, M". The same few are read over and over. */
function details(text) {
	let facts = detailsCache.get(text);
	if (!facts) {
		const { species, level, gender } = parseDetails(text);
		if (detailsCache.size >= MOST_DETAILS) detailsCache.clear();
		detailsCache.set(text, facts = { species, level, gender });
	}
	return facts;
}

const FAINTED = Object.freeze({ hp: 0, maxhp: null, percent: 0, status: '', fainted: true });

/** HP and status of a request's condition, such as "120/153 par" or "0 fnt". */
function healthOf(condition) {
	const slash = condition.indexOf('/');
	if (slash < 0) return FAINTED;
	const space = condition.indexOf(' ', slash);
	const hp = +condition.slice(0, slash);
	const maxhp = space < 0 ? +condition.slice(slash + 1) : +condition.slice(slash + 1, space);
	return { hp, maxhp, percent: Math.round(100 * hp / maxhp), status: space < 0 ? '' : condition.slice(space + 1), fainted: false };
}

/** Types of a Pokémon in play: after a change of type, a temporary form, Terastallization. */
function typesOf(tables, species, terastallized, tera, slot) {
	if (terastallized && tera && tera !== 'Stellar') return [tera];
	const own = slot && slot.types || tables.species(slot && slot.species || species).types;
	return slot && slot.addedType ? [...own, slot.addedType] : own;
}

/** Remembers the team of the first request: after the preview a request lists only those that were brought. */
function roster(knowledge, side) {
	if (!knowledge.state.roster) {
		knowledge.state.roster = [];
		side.request.side.pokemon.forEach((entry, k) => { knowledge.state.roster[side.order[k]] = rosterEntry(entry); });
	}
	return knowledge.state.roster;
}

function rosterEntry(entry) {
	return {
		ident: entry.ident, details: entry.details, condition: entry.condition, stats: entry.stats, moves: entry.moves, item: entry.item, ability: entry.baseAbility,
		teraType: entry.teraType || null, maxhp: healthOf(entry.condition).maxhp,
	};
}

function benchMoves(tables, ids, pp) {
	return ids.map(id => {
		const facts = tables.move(id);
		const known = pp && pp[id];
		const maxpp = known ? known[1] : facts ? facts.pp : 1;
		return { id, pp: known ? known[0] : maxpp, maxpp, target: facts ? facts.target : '', disabled: false };
	});
}

function ownMoves(tables, side, k, entry, pp) {
	if (side.kind !== 'move' || k >= side.request.active.length || !side.request.active[k]) return benchMoves(tables, entry.moves, pp);
	return activeMoves(side.request, k).slice(0, 4).map(move => {
		const [kept] = benchMoves(tables, [move.id], pp);
		return { id: move.id, pp: move.pp ?? kept.pp, maxpp: move.maxpp ?? kept.maxpp, target: move.target, disabled: move.disabled };
	});
}

function ownStats(hp, { atk, def, spa, spd, spe }) {
	return { hp, atk, def, spa, spd, spe };
}

/** Whether a Pokémon on the bench is as it was when its record was made. */
function isSameBench(record, entry, brought) {
	const old = record.entry;
	return record.slot === null && record.brought === brought && old.condition === entry.condition && old.details === entry.details && old.item === entry.item &&
		old.ability === entry.ability && old.terastallized === entry.terastallized && old.moves.length === entry.moves.length &&
		old.moves.every((id, m) => id === entry.moves[m]);
}

/** One of the player's own Pokémon. `k` is its place in the request, -1 when it was left at home. */
function ownRecord(knowledge, side, tables, first, index) {
	const { state, own } = knowledge;
	const k = side.order.indexOf(index);
	const entry = k < 0 ? first : side.request.side.pokemon[k];
	const active = k >= 0 && entry.active && (state.turn > 0 || side.kind === 'switch');
	const brought = side.kind === 'preview' ? null : k >= 0;
	const last = knowledge.records.own[index];
	if (last && !active && isSameBench(last, entry, brought)) return last;
	const slot = active ? state.slots[`${own}${'ab'[k]}`] : null;
	const facts = details(entry.details);
	const health = healthOf(entry.condition);
	const terastallized = k >= 0 && !!entry.terastallized;
	const tera = entry.terastallized || entry.teraType || null;
	return knowledge.records.own[index] = {
		name: entry.ident.slice(4), entry, species: facts.species, level: facts.level, gender: facts.gender, hp: health.hp, maxhp: health.maxhp || first.maxhp,
		percent: health.percent, status: health.status, fainted: health.fainted, slot: active ? k : null,
		brought, item: entry.item, ability: k < 0 ? first.ability : entry.ability ?? entry.baseAbility, tera, terastallized,
		form: slot && slot.species || facts.species, types: typesOf(tables, facts.species, terastallized, tera, slot),
		boosts: slot ? slot.boosts : NO_BOOSTS, volatile: slot ? slot.volatile : NO_STATE, single: slot ? slot.single : NO_STATE, protects: slot ? slot.protects : 0,
		lastMove: slot ? slot.lastMove : '', stats: ownStats(first.maxhp, entry.stats), exact: true, moves: ownMoves(tables, side, k, entry, state.pp[index]),
	};
}

function foeMoves(tables, moves) {
	return moves.slice(0, 4).map(({ id, used }) => {
		const facts = tables.move(id);
		const maxpp = facts ? facts.pp : 1;
		return { id, pp: Math.max(0, maxpp - used), maxpp, target: facts ? facts.target : '', disabled: false };
	});
}

function isBrought(knowledge, member, preview) {
	if (member.seen) return true;
	return !preview && knowledge.unseenLeft() === 0 ? false : null;
}

function usesOf(moves) {
	let uses = moves.length;
	for (const move of moves) uses += 8 * move.used;
	return uses;
}

/** Whether nothing new is known of a foe's Pokémon on the bench since its record was made. */
function isSameFoe(record, member, brought) {
	return record.slot === null && record.brought === brought && record.percent === member.percent && record.status === member.status && record.fainted === member.fainted &&
		record.item === member.item && record.ability === member.ability && record.tera === member.tera && record.terastallized === member.terastallized &&
		record.species === member.species && record.level === member.level && record.gender === member.gender && record.name === (member.name || member.species) &&
		record.uses === usesOf(member.moves);
}

/** One of the foe's Pokémon, as far as it is known. */
function foeRecord(knowledge, side, tables, member, index) {
	const { state, foe } = knowledge;
	const place = state.slots[`${foe}a`].member === index ? 0 : state.slots[`${foe}b`].member === index ? 1 : -1;
	const brought = isBrought(knowledge, member, side.kind === 'preview');
	const last = knowledge.records.foe[index];
	if (last && place < 0 && isSameFoe(last, member, brought)) return last;
	const slot = place < 0 ? null : state.slots[foe + 'ab'[place]];
	return knowledge.records.foe[index] = {
		uses: usesOf(member.moves), name: member.name || member.species, species: member.species, level: member.level, gender: member.gender, hp: null, maxhp: null,
		percent: member.percent, status: member.status, slot: slot ? place : null, fainted: member.fainted,
		brought, item: member.item, ability: member.ability, tera: member.tera, terastallized: member.terastallized,
		form: slot && slot.species || member.species, types: typesOf(tables, member.species, member.terastallized, member.tera, slot),
		boosts: slot ? slot.boosts : NO_BOOSTS, volatile: slot ? slot.volatile : NO_STATE, single: slot ? slot.single : NO_STATE, protects: slot ? slot.protects : 0,
		lastMove: slot ? slot.lastMove : '', stats: tables.typicalStats(member.species, member.level, member.nature), exact: false,
		moves: foeMoves(tables, slot && slot.moves || member.moves),
	};
}

/**
 * Both teams of one player's view.
 *
 * @returns {{own: object[], foe: (object|null)[]}} Own records in original order; the foe's padded with null to six.
 */
function parties(knowledge, side, entry) {
	const tables = tablesOf(entry.dex);
	const own = roster(knowledge, side).map((first, index) => ownRecord(knowledge, side, tables, first, index));
	const foe = knowledge.state.team.map((member, index) => foeRecord(knowledge, side, tables, member, index));
	while (foe.length < 6) foe.push(null);
	return { own, foe, tables };
}

module.exports = { parties };
