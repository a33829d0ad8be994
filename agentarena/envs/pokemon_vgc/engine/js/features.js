'use strict';
/**
 * One player's view as numbers: `features` (F,), `options` (2, 16, K) and `ids` (12, 7), written as base64.
 *
 * Where each number lies, its range and meaning is in layout.js; the tables there and the writers here go in the same
 * order, and layout.json is checked against both by a test.
 */
const { turnsLeft } = require('./durations');
const {
	FEATURES, FIELD, FIELD_NUMBERS, FOE_FIRST, IDS, MEMBER, MEMBERS, MEMBER_NUMBERS, OPTION, PSEUDO, SCREENS, SIDE_CONDITIONS, STATUSES, TERRAINS, VOLATILES, WEATHERS,
} = require('./layout');
const { optionRows } = require('./options');
const { BOOSTS } = require('./knowledge');
const { TYPE_INDEX, vocabulary } = require('./tables');

const KINDS = { preview: 0, move: 1, switch: 2, wait: 3 };
const STATS = ['hp', 'atk', 'def', 'spa', 'spd', 'spe'];
/** A stat of this size is written as 1. */
const STAT_UNIT = 300;
const DURATION_UNIT = 8;

const placesOf = numbers => Object.fromEntries(numbers.map(([name], place) => [name, place]));
/** Places of the numbers of a Pokémon, from its first number; groups by their first member. */
const {
	brought: BROUGHT, left_out: LEFT_OUT, fainted: FAINTED, slot_a: SLOT, hp: HP, level: LEVEL, status_brn: STATUS, type_Normal: TYPE, tera_Normal: TERA,
	terastallized: TERASTALLIZED, boost_atk: BOOST, stat_hp: STAT, [`volatile_${VOLATILES[0]}`]: VOLATILE, protects: PROTECTS, item_unknown: ITEM_UNKNOWN,
	item_none: ITEM_NONE, ability_unknown: ABILITY_UNKNOWN, pp_1: PP, disabled_1: DISABLED,
} = placesOf(MEMBER_NUMBERS);
const AT = placesOf(FIELD_NUMBERS);
const VOLATILE_INDEX = Object.fromEntries(VOLATILES.map((id, place) => [id, place]));

function duration(id, since, upkeeps) {
	return (turnsLeft(id, upkeeps - since) || 0) / DURATION_UNIT;
}

function writeEffect(features, effect, table, at, turnsAt, upkeeps) {
	if (!effect) return;
	if (table[effect.id] !== undefined) features[at + table[effect.id]] = 1;
	features[turnsAt] = duration(effect.id, effect.since, upkeeps);
}

function writeSide(features, prefix, conditions, upkeeps) {
	if (Object.keys(conditions).length === 0) return;
	for (const [id, layers] of SIDE_CONDITIONS) if (conditions[id]) features[AT[`${prefix}_${id}`]] = Math.min(1, conditions[id].layers / layers);
	for (const id of SCREENS) if (conditions[id]) features[AT[`${prefix}_${id}_turns`]] = duration(id, conditions[id].since, upkeeps);
}

/** Which slots must switch, and which cannot or may not be able to. */
function writeSlots(features, { kind, request, legal }) {
	for (const slot of [0, 1]) {
		if (kind === 'switch' && request.forceSwitch[slot]) features[AT.must_switch_a + slot] = 1;
		const active = kind === 'move' && request.active[slot];
		if (active && (active.trapped || active.maybeTrapped)) features[AT.trapped_a + slot] = 1;
	}
	if (legal.passes !== null) features[AT.one_must_pass] = 1;
}

function writeField(features, knowledge, side, { own, foe, tables }) {
	const { state } = knowledge;
	features[AT.turn] = Math.min(2, state.turn / 50);
	if (KINDS[side.kind] !== undefined) features[AT.decision_preview + KINDS[side.kind]] = 1;
	writeSlots(features, side);
	features[AT.champions] = tables.champions ? 1 : 0;
	features[AT.own_gimmick] = state.gimmick[knowledge.own] ? 0 : 1;
	features[AT.foe_gimmick] = state.gimmick[knowledge.foe] ? 0 : 1;
	features[AT.own_left] = own.filter(record => !record.fainted && record.brought !== false).length / 6;
	features[AT.foe_left] = Math.max(0, (state.pick || 6) - foe.filter(record => record && record.fainted).length) / 6;
	writeEffect(features, state.weather, WEATHERS, AT.weather_sunnyday, AT.weather_turns, state.upkeeps);
	writeEffect(features, state.terrain, TERRAINS, AT.terrain_electricterrain, AT.terrain_turns, state.upkeeps);
	for (const id of PSEUDO) if (state.pseudo[id] !== undefined) features[AT[`field_${id}`]] = duration(id, state.pseudo[id], state.upkeeps);
	writeSide(features, 'own', state.sides[knowledge.own], state.upkeeps);
	writeSide(features, 'foe', state.sides[knowledge.foe], state.upkeeps);
}

function writeVolatile(features, at, effects) {
	for (const id in effects) if (VOLATILE_INDEX[id] !== undefined) features[at + VOLATILE_INDEX[id]] = 1;
}

/** Numbers that only a Pokémon in play has. */
function writeActive(features, at, record) {
	features[at + SLOT + record.slot] = 1;
	for (let i = 0; i < BOOSTS.length; i++) features[at + BOOST + i] = record.boosts[BOOSTS[i]] / 6;
	writeVolatile(features, at + VOLATILE, record.volatile);
	writeVolatile(features, at + VOLATILE, record.single);
	features[at + PROTECTS] = Math.min(3, record.protects) / 3;
}

/** Numbers and ids of records on the bench, which come again while nothing about them changes. */
const benchBlocks = new WeakMap();

/** Writes one record's numbers and ids at a place of the twelve. */
function writeRecord(record, place, tables) {
	const at = FIELD.size + place * MEMBER.size;
	const idsAt = place * IDS.length;
	const block = record.slot === null && benchBlocks.get(record);
	if (block) {
		FEATURES_ARRAY.set(block.features, at);
		IDS_ARRAY.set(block.ids, idsAt);
		return;
	}
	writeMember(FEATURES_ARRAY, at, record);
	writeIds(IDS_ARRAY, idsAt, record, tables);
	if (record.slot === null) benchBlocks.set(record, { features: FEATURES_ARRAY.slice(at, at + MEMBER.size), ids: IDS_ARRAY.slice(idsAt, idsAt + IDS.length) });
}

function writeMember(features, at, record) {
	if (record.brought !== null) features[at + (record.brought ? BROUGHT : LEFT_OUT)] = 1;
	if (record.fainted) features[at + FAINTED] = 1;
	features[at + HP] = record.maxhp ? record.hp / record.maxhp : record.percent / 100;
	features[at + LEVEL] = record.level / 100;
	if (STATUSES[record.status] !== undefined) features[at + STATUS + STATUSES[record.status]] = 1;
	for (const type of record.types) if (TYPE_INDEX[type] !== undefined) features[at + TYPE + TYPE_INDEX[type]] = 1;
	if (TYPE_INDEX[record.tera] !== undefined) features[at + TERA + TYPE_INDEX[record.tera]] = 1;
	if (record.terastallized) features[at + TERASTALLIZED] = 1;
	for (let i = 0; i < STATS.length; i++) features[at + STAT + i] = record.stats[STATS[i]] / STAT_UNIT;
	if (record.slot !== null) writeActive(features, at, record);
	if (record.item === null) features[at + ITEM_UNKNOWN] = 1;
	if (record.item === '') features[at + ITEM_NONE] = 1;
	if (record.ability === null) features[at + ABILITY_UNKNOWN] = 1;
	for (let m = 0; m < record.moves.length; m++) {
		const move = record.moves[m];
		features[at + PP + m] = move.pp / move.maxpp;
		if (move.disabled) features[at + DISABLED + m] = 1;
	}
}

const words = vocabulary();

function writeIds(ids, at, record, tables) {
	ids[at] = tables.species(record.form).number;
	ids[at + 1] = words.abilities.numbers.get(record.ability) || 0;
	ids[at + 2] = words.items.numbers.get(record.item) || 0;
	for (let m = 0; m < record.moves.length; m++) ids[at + 3 + m] = words.moves.numbers.get(record.moves[m].id) || 0;
}

/** Arrays that every call fills anew: allocating and collecting them would cost as much as writing them. */
const FEATURES_ARRAY = new Float32Array(FEATURES);
const OPTIONS_ARRAY = new Float32Array(2 * 16 * OPTION.length);
const IDS_ARRAY = new Int16Array(MEMBERS * IDS.length);
const bytesOf = array => Buffer.from(array.buffer, array.byteOffset, array.byteLength);
const FEATURES_BYTES = bytesOf(FEATURES_ARRAY);
const OPTIONS_BYTES = bytesOf(OPTIONS_ARRAY);
const IDS_BYTES = bytesOf(IDS_ARRAY);
const NO_OPTIONS = OPTIONS_BYTES.toString('base64');

/** The options as base64; a decision without moves has none. */
function encodeOptions(knowledge, side, teams) {
	if (side.kind !== 'move') return NO_OPTIONS;
	OPTIONS_ARRAY.fill(0);
	optionRows(OPTIONS_ARRAY, knowledge, side, teams);
	return OPTIONS_BYTES.toString('base64');
}

/**
 * The numbers of one side.
 *
 * @param {Knowledge} knowledge What the player knows.
 * @param {object} side The present decision (battle.js: present).
 * @param {object} teams Both parties (party.js).
 * @returns {{features: string, options: string, ids: string}} float32, float32 and int16, little-endian, base64.
 */
function encodeSide(knowledge, side, teams) {
	const { own, foe, tables } = teams;
	FEATURES_ARRAY.fill(0);
	IDS_ARRAY.fill(0);
	writeField(FEATURES_ARRAY, knowledge, side, teams);
	for (let place = 0; place < MEMBERS; place++) {
		const record = place < FOE_FIRST ? own[place] : foe[place - FOE_FIRST];
		if (record) writeRecord(record, place, tables);
	}
	return { features: FEATURES_BYTES.toString('base64'), options: encodeOptions(knowledge, side, teams), ids: IDS_BYTES.toString('base64') };
}

module.exports = { encodeSide };
