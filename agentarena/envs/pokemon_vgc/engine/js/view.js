'use strict';
/** One player's view as readable JSON: field, both sides, both teams. Built from its request and its channel alone. */
const { turnsLeft } = require('./durations');

function conditionsOf(knowledge, side) {
	const conditions = knowledge.state.sides[side];
	return Object.keys(conditions).sort().map(id => ({
		id, turns: turnsLeft(id, knowledge.state.upkeeps - conditions[id].since), layers: conditions[id].layers,
	}));
}

function fieldEffect(knowledge, effect) {
	return effect && { id: effect.id, turns: turnsLeft(effect.id, knowledge.state.upkeeps - effect.since) };
}

function moveView(tables, move) {
	const facts = tables.move(move.id) || {};
	return {
		id: move.id, name: facts.name || move.id, type: facts.type || '', category: facts.category || '', power: facts.power || 0,
		accuracy: facts.sure ? null : facts.accuracy || 0, pp: move.pp, maxpp: move.maxpp, target: move.target, disabled: move.disabled,
	};
}

function memberView(tables, record) {
	if (!record) return unknownMember();
	return {
		name: record.name, species: record.form, level: record.level, gender: record.gender, hp: record.hp, maxhp: record.maxhp, percent: record.percent,
		status: record.status, slot: record.slot, fainted: record.fainted, brought: record.brought, item: record.item, ability: record.ability,
		tera: record.tera, terastallized: record.terastallized, types: record.types, boosts: { ...record.boosts },
		volatile: [...Object.keys(record.volatile), ...Object.keys(record.single)].sort(), stats: record.exact ? record.stats : null,
		moves: record.moves.map(move => moveView(tables, move)),
	};
}

/** A Pokémon of which nothing is known yet. */
function unknownMember() {
	return {
		name: '', species: '', level: null, gender: '', hp: null, maxhp: null, percent: null, status: '', slot: null, fainted: false, brought: null, item: null,
		ability: null, tera: null, terastallized: false, types: [], boosts: {}, volatile: [], stats: null, moves: [],
	};
}

/** The view of one side; see the pipe protocol for its fields. */
function viewOf(knowledge, side, entry, { own, foe, tables }) {
	const { state } = knowledge;
	return {
		format: entry.id, turn: state.turn, weather: fieldEffect(knowledge, state.weather), terrain: fieldEffect(knowledge, state.terrain),
		pseudo: Object.keys(state.pseudo).sort().map(id => ({ id, turns: turnsLeft(id, state.upkeeps - state.pseudo[id]) })),
		own: { side: conditionsOf(knowledge, knowledge.own), team: own.map(record => memberView(tables, record)) },
		foe: { side: conditionsOf(knowledge, knowledge.foe), team: foe.map(record => memberView(tables, record)) },
		gimmick: { own: !state.gimmick[knowledge.own], foe: !state.gimmick[knowledge.foe], kind: tables.champions ? 'mega' : 'tera' },
	};
}

module.exports = { viewOf };
