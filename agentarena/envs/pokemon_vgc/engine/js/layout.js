'use strict';
/**
 * Names, places and ranges of the numbers that features.js and options.js write, as tables.
 *
 * `layoutJson()` is what `node worker.js --layout` prints and what the repository keeps as engine/layout.json.
 */
const crypto = require('crypto');
const { PINNED_VERSION } = require('./showdown');
const { TYPES, vocabulary } = require('./tables');

const FOE_FIRST = 6;
const MEMBERS = 12;

const WEATHERS = { sunnyday: 0, raindance: 1, sandstorm: 2, snowscape: 3, snow: 3, hail: 3, desolateland: 4, primordialsea: 5, deltastream: 6 };
const TERRAINS = { electricterrain: 0, grassyterrain: 1, mistyterrain: 2, psychicterrain: 3 };
const PSEUDO = ['trickroom', 'gravity', 'magicroom', 'wonderroom', 'fairylock'];
/** Side conditions with the number of layers that counts as 1. */
const SIDE_CONDITIONS = [
	['tailwind', 1], ['reflect', 1], ['lightscreen', 1], ['auroraveil', 1], ['safeguard', 1], ['mist', 1], ['stealthrock', 1], ['spikes', 3], ['toxicspikes', 2],
	['stickyweb', 1], ['wideguard', 1], ['quickguard', 1],
];
/** Side conditions whose remaining turns are given. */
const SCREENS = ['tailwind', 'reflect', 'lightscreen', 'auroraveil'];
const STATUSES = { brn: 0, par: 1, slp: 2, frz: 3, psn: 4, tox: 5 };
const VOLATILES = [
	'substitute', 'confusion', 'encore', 'taunt', 'disable', 'leechseed', 'yawn', 'torment', 'healblock', 'throatchop', 'perish3', 'perish2', 'perish1', 'trapped',
	'transform', 'mustrecharge', 'focusenergy', 'imprison', 'ingrain', 'aquaring', 'followme', 'ragepowder', 'helpinghand', 'protect', 'commander', 'saltcure', 'glaiverush',
	'flashfire', 'charge', 'attract',
];
const IDS = ['species', 'ability', 'item', 'move_1', 'move_2', 'move_3', 'move_4'];

/** One number: [name, least, greatest, meaning]. */
const unit = (name, about) => [name, 0, 1, about];
const flags = (prefix, names, about) => names.map(name => unit(`${prefix}_${name}`, about));
const distinct = table => Object.keys(table).filter((id, i, ids) => ids.findIndex(other => table[other] === table[id]) === i);

function sideNumbers(prefix) {
	return [
		...SIDE_CONDITIONS.map(([id, layers]) => unit(`${prefix}_${id}`, layers > 1 ? `layers / ${layers}` : 'in effect')),
		...SCREENS.map(id => unit(`${prefix}_${id}_turns`, 'turns left / 8')),
	];
}

const FIELD_NUMBERS = [
	['turn', 0, 2, 'turn / 50, at most 2'],
	...flags('decision', ['preview', 'move', 'switch', 'wait'], 'kind of the decision'),
	unit('must_switch_a', 'left slot must switch'), unit('must_switch_b', 'right slot must switch'),
	unit('trapped_a', 'left slot is, or may be, unable to switch'), unit('trapped_b', 'right slot is, or may be, unable to switch'),
	unit('one_must_pass', 'both must switch, one can'), unit('champions', 'Champions rules: Mega Evolution, other stat points'),
	unit('own_gimmick', 'own Terastallization or Mega Evolution is not used yet'), unit('foe_gimmick', "the foe's is not used yet"),
	unit('own_left', 'own Pokémon that can still play / 6'), unit('foe_left', "foe's Pokémon that can still play / 6"),
	...flags('weather', distinct(WEATHERS), 'in effect'), unit('weather_turns', 'turns left / 8'),
	...flags('terrain', distinct(TERRAINS), 'in effect'), unit('terrain_turns', 'turns left / 8'),
	...PSEUDO.map(id => unit(`field_${id}`, 'turns left / 8')),
	...sideNumbers('own'), ...sideNumbers('foe'),
];

const MEMBER_NUMBERS = [
	unit('brought', 'known to be in play'), unit('left_out', 'known to be not in play'), unit('fainted', ''), unit('slot_a', 'in the left slot'), unit('slot_b', 'in the right slot'),
	unit('hp', 'share of full HP'), unit('level', 'level / 100'), ...flags('status', Object.keys(STATUSES), ''),
	...flags('type', TYPES, 'present types'), ...flags('tera', TYPES, 'Tera type, where known'), unit('terastallized', ''),
	...['atk', 'def', 'spa', 'spd', 'spe', 'accuracy', 'evasion'].map(stat => [`boost_${stat}`, -1, 1, 'stages / 6']),
	...['hp', 'atk', 'def', 'spa', 'spd', 'spe'].map(stat => [`stat_${stat}`, 0, 4, "stat / 300; the foe's with an even spread of points"]),
	...flags('volatile', VOLATILES, 'in effect'), unit('protects', 'protected turns in a row / 3'),
	unit('item_unknown', ''), unit('item_none', 'known to hold nothing'), unit('ability_unknown', ''),
	...[1, 2, 3, 4].map(m => unit(`pp_${m}`, 'PP left, as a share')), ...[1, 2, 3, 4].map(m => unit(`disabled_${m}`, 'move cannot be chosen now')),
];

/** One option: a slot's move at a target. Rows of options that are not legal are 0. */
const OPTION = [
	unit('legal', 'legal without a gimmick'), unit('legal_gimmick', 'legal with Terastallization or Mega Evolution (X)'), unit('legal_gimmick_y', 'legal with Mega Evolution Y'),
	['power', 0, 2, 'base power / 150'], unit('accuracy', '1 where it cannot miss'), ['priority', -1.4, 1, 'priority / 5'],
	unit('physical', ''), unit('special', ''), unit('status', ''), unit('stab', 'of a type of its user'), unit('spread', 'hits several Pokémon'),
	['effectiveness', -1, 1, 'log2 of the factor of the types / 3, -1 for immunity'], unit('immune', 'the target is immune'),
	['damage', 0, 4, "expected damage / target's full HP"], unit('knock_out', "expected damage / target's present HP, at most 1"),
	['damage_other', 0, 4, "expected damage / full HP of the other foe (moves that hit several)"], ['damage_ally', 0, 4, 'expected damage / full HP of the ally'],
	['damage_gimmick', 0, 4, "expected damage / target's full HP with the gimmick"], unit('target_hp', "target's share of HP"), unit('target_ally', 'aims at the ally'),
	unit('first', 'acts before the target, by the known speeds'), unit('drain', 'share of the damage that heals'), unit('heals', 'heals'), unit('protects', 'protects'),
	unit('pivot', 'switches its user out'), ['boosts', -1, 1, 'stages that it changes / 6'], unit('inflicts', 'chance of a status'), unit('field', 'sets weather, terrain or a side condition'),
	unit('pp', 'PP left, as a share'), unit('works', '0 where it is known to fail: first-turn moves later on, priority into Psychic Terrain'),
];

const FIELD = { size: FIELD_NUMBERS.length, weathers: distinct(WEATHERS).length, terrains: distinct(TERRAINS).length };
const MEMBER = { size: MEMBER_NUMBERS.length, statuses: Object.keys(STATUSES).length };
const FEATURES = FIELD.size + MEMBERS * MEMBER.size;

function numbersJson(numbers) {
	return numbers.map(([name, low, high, about]) => ({ name, low, high, about }));
}

/** The layout as data: what a reader needs to name every number. */
function layout() {
	const words = vocabulary();
	const slices = [{ name: 'field', start: 0, size: FIELD.size }];
	for (let i = 0; i < MEMBERS; i++) {
		slices.push({ name: i < FOE_FIRST ? `own_${i + 1}` : `foe_${i - FOE_FIRST + 1}`, start: FIELD.size + i * MEMBER.size, size: MEMBER.size });
	}
	return {
		protocol: 1, showdown: PINNED_VERSION,
		features: { size: FEATURES, slices, field: numbersJson(FIELD_NUMBERS), member: numbersJson(MEMBER_NUMBERS) },
		options: { slots: 2, moves: 4, targets: ['none_or_self', 'foe_left', 'foe_right', 'ally'], size: OPTION.length, numbers: numbersJson(OPTION) },
		ids: { members: MEMBERS, fields: IDS, vocabulary: { species: words.species.ids.length + 1, ability: words.abilities.ids.length + 1, item: words.items.ids.length + 1, move: words.moves.ids.length + 1 } },
		actions: { size: 55, pass: 0, switch: 1, move: 7, gimmick: 23, gimmick_y: 39 },
	};
}

/** The text of engine/layout.json. */
function layoutJson() {
	return `${JSON.stringify(layout(), null, '\t')}\n`;
}

function layoutHash() {
	return crypto.createHash('sha256').update(layoutJson()).digest('hex');
}

module.exports = {
	FEATURES, FIELD, FIELD_NUMBERS, FOE_FIRST, IDS, MEMBER, MEMBERS, MEMBER_NUMBERS, OPTION, PSEUDO, SCREENS, SIDE_CONDITIONS, STATUSES, TERRAINS, VOLATILES, WEATHERS,
	layout, layoutHash, layoutJson,
};
