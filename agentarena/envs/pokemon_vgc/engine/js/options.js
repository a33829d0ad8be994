'use strict';
/** What each legal move at each target would do, as a row of numbers (layout.js: OPTION). */
const { expectedDamage, isGrounded, speedOf } = require('./damage');
const { OPTION } = require('./layout');
const { GIMMICK, GIMMICK_Y, MOVE, PASS } = require('./masks');

const AT = Object.fromEntries(OPTION.map(([name], i) => [name, i]));
/** Moves that only work in the first turn after coming in. */
const FIRST_TURN = new Set(['fakeout', 'firstimpression', 'matblock']);
const TARGET_SELF = new Set(['self', 'allies', 'allySide', 'allyTeam', 'adjacentAllyOrSelf']);

function activesOf(records) {
	const actives = [null, null];
	for (const record of records) if (record && record.slot !== null && !record.fainted) actives[record.slot] = record;
	return actives;
}

/** The same Pokémon after its gimmick: with its Tera type, or as the Mega Evolution that its stone gives. */
function afterGimmick(record, active, tables) {
	if (active.canTerastallize) {
		const tera = active.canTerastallize;
		return { ...record, terastallized: true, tera, types: tera === 'Stellar' ? record.types : [tera] };
	}
	if (!active.canMegaEvo && !active.canMegaEvoX && !active.canMegaEvoY) return null;
	const stone = tables.dex.items.get(record.item).megaStone;
	const name = stone && Object.values(stone).find(mega => tables.species(mega).base === tables.species(record.species).base);
	return name ? megaRecord(record, tables, tables.species(name)) : null;
}

function megaRecord(record, tables, mega) {
	const before = tables.species(record.species).stats;
	const stats = { ...record.stats };
	for (const stat of ['atk', 'def', 'spa', 'spd', 'spe']) stats[stat] += Math.floor((mega.stats[stat] - before[stat]) * record.level / 50 * (tables.champions ? 50 / record.level : 1));
	return { ...record, form: mega.name, types: mega.types, ability: mega.abilities[0], stats };
}

class Situation {
	constructor(knowledge, teams) {
		const { state } = knowledge;
		this.tables = teams.tables;
		this.own = activesOf(teams.own);
		this.foe = activesOf(teams.foe);
		this.conditions = [state.sides[knowledge.own], state.sides[knowledge.foe]];
		this.entered = [state.slots[`${knowledge.own}a`].entered, state.slots[`${knowledge.own}b`].entered];
		this.turn = state.turn;
		this.trickRoom = state.pseudo.trickroom !== undefined;
		this.field = {
			weather: state.weather ? state.weather.id : '', terrain: state.terrain ? state.terrain.id : '', tables: teams.tables,
			actives: [...this.own, ...this.foe].filter(Boolean), screens: null, spread: false,
		};
	}

	/** Expected damage of a move against an own (side 0) or a foe's (side 1) Pokémon. */
	damage(move, attacker, defender, side, spread) {
		this.field.screens = this.conditions[side];
		this.field.spread = spread;
		return expectedDamage(move, attacker, defender, this.field);
	}

	/** 1 when `own` acts before `foe`, 0 when after, 1/2 when equal. */
	first(move, own, foe) {
		if (move.priority > 0) return 1;
		if (move.priority < 0) return 0;
		const speeds = [speedOf(own, this.field, !!this.conditions[0].tailwind), speedOf(foe, this.field, !!this.conditions[1].tailwind)];
		if (speeds[0] === speeds[1]) return 0.5;
		return speeds[0] > speeds[1] === !this.trickRoom ? 1 : 0;
	}
}

/** Whether a move is known to do nothing now. */
function fails(situation, move, slot, defender) {
	if (FIRST_TURN.has(move.id) && situation.turn > situation.entered[slot] + 1 && situation.entered[slot] >= 0) return true;
	return move.priority > 0 && situation.field.terrain === 'psychicterrain' && !!defender && isGrounded(defender) && defender.slot !== null && situation.foe.includes(defender);
}

/** The foe that a move without a chosen target is judged by: the first one that stands. */
function aim(situation, target, move, slot) {
	if (target === 1 || target === 2) return situation.foe[target - 1];
	if (target === 3) return situation.own[1 - slot];
	return TARGET_SELF.has(move.target) ? situation.own[slot] : situation.foe[0] || situation.foe[1];
}

function writeFacts(row, move, record) {
	row[AT.power] = Math.min(2, move.power / 150);
	row[AT.accuracy] = move.accuracy / 100;
	row[AT.priority] = move.priority / 5;
	row[AT[move.category.toLowerCase()]] = 1;
	row[AT.stab] = move.category !== 'Status' && record.types.includes(move.type) ? 1 : 0;
	row[AT.spread] = move.spread ? 1 : 0;
	row[AT.drain] = move.drain;
	row[AT.heals] = move.heal ? 1 : 0;
	row[AT.protects] = move.protects ? 1 : 0;
	row[AT.pivot] = move.pivot ? 1 : 0;
	row[AT.boosts] = Math.max(-1, Math.min(1, move.boosts / 6));
	row[AT.inflicts] = move.inflicts;
	row[AT.field] = move.setsSide ? 1 : 0;
}

function writeDamage(row, situation, move, slot, target, gimmick) {
	const attacker = situation.own[slot];
	const ally = situation.own[1 - slot];
	const defender = aim(situation, target, move, slot);
	if (!defender) return;
	row[AT.target_hp] = defender.percent / 100;
	row[AT.target_ally] = defender === ally ? 1 : 0;
	if (situation.foe.includes(defender)) row[AT.first] = situation.first(move, attacker, defender);
	row[AT.works] = fails(situation, move, slot, defender) ? 0 : 1;
	if (move.category === 'Status' || defender === attacker) return;
	const others = situation.foe.filter(foe => foe && foe !== defender);
	const spread = move.spread && (others.length > 0 || move.hitsAlly && !!ally);
	const side = defender === ally ? 0 : 1;
	const { share, effectiveness } = situation.damage(move, attacker, defender, side, spread);
	row[AT.effectiveness] = effectiveness === 0 ? -1 : Math.max(-1, Math.min(1, Math.log2(effectiveness) / 3));
	row[AT.immune] = effectiveness === 0 ? 1 : 0;
	row[AT.damage] = share;
	row[AT.knock_out] = Math.min(1, share / Math.max(0.01, defender.percent / 100));
	if (move.spread && others.length) row[AT.damage_other] = situation.damage(move, attacker, others[0], 1, spread).share;
	if (defender === ally) row[AT.damage_ally] = share;
	else if (move.hitsAlly && ally) row[AT.damage_ally] = situation.damage(move, attacker, ally, 0, spread).share;
	if (gimmick) row[AT.damage_gimmick] = situation.damage(move, gimmick, defender, side, spread).share;
}

/**
 * Fills the rows of the legal options of a move request.
 *
 * @param {Float32Array} options (2, 16, K), zero.
 */
function optionRows(options, knowledge, side, teams) {
	const situation = new Situation(knowledge, teams);
	side.legal.slots.forEach((actions, slot) => {
		const attacker = situation.own[slot];
		if (!attacker || actions[0] === PASS) return;
		const gimmick = afterGimmick(attacker, side.request.active[slot], teams.tables);
		for (const action of actions) {
			if (action < MOVE) continue;
			const pair = (action - MOVE) % 16;
			const start = (slot * 16 + pair) * OPTION.length;
			const row = options.subarray(start, start + OPTION.length);
			row[action >= GIMMICK_Y ? AT.legal_gimmick_y : action >= GIMMICK ? AT.legal_gimmick : AT.legal] = 1;
			if (action < GIMMICK) writeOption(row, situation, attacker, slot, pair, gimmick);
		}
	});
}

function writeOption(row, situation, attacker, slot, pair, gimmick) {
	const known = attacker.moves[pair >> 2];
	const move = known && situation.tables.move(known.id);
	if (!move) return;
	row[AT.pp] = known.pp / known.maxpp;
	writeFacts(row, move, attacker);
	writeDamage(row, situation, move, slot, pair & 3, gimmick);
}

module.exports = { optionRows };
