'use strict';
/**
 * Expected damage of a move as a share of the target's HP, from what one player knows.
 *
 * The standard formula with the mean roll, without critical hits. Abilities and items count when they are known. A foe's
 * stats are those of an even spread of points (tables.js), so a share against a foe is an estimate. Accuracy is left out:
 * features.js gives it separately.
 *
 *     base = floor(floor(floor(2 * level / 5 + 2) * power * A / D) / 50) + 2
 *     share = base * spread * weather * mean roll * STAB * effectiveness * burn * the rest / HP of the target
 */
const { ABILITY_IMMUNITY, ATE_ABILITIES, ATTACKER_ABILITIES, DEFENDER_ABILITIES, ITEM_TYPE, POWER_RULES, RESIST_BERRY } = require('./modifiers');

/** Mean of the sixteen rolls 85..100 %. */
const MEAN_ROLL = 0.925;
const SPREAD = 0.75;
const SCREEN = 2 / 3;

/** Factor of a stage of a stat, -6..6. */
function stageFactor(stage) {
	return stage >= 0 ? (2 + stage) / 2 : 2 / (2 - stage);
}

function isGrounded(record) {
	return !record.types.includes('Flying') && record.ability !== 'levitate' && record.item !== 'airballoon';
}

/** The type of a move when this Pokémon uses it. */
function typeOf(move, attacker, field) {
	if (move.id === 'terablast' && attacker.terastallized && attacker.tera) return attacker.tera;
	if (move.id === 'weatherball') return { sunnyday: 'Fire', desolateland: 'Fire', raindance: 'Water', primordialsea: 'Water', sandstorm: 'Rock', snowscape: 'Ice', snow: 'Ice' }[field.weather] || 'Normal';
	if (move.id === 'ivycudgel' && attacker.types.length) return attacker.types[attacker.types.length - 1];
	if (move.id === 'revelationdance') return attacker.types[0] || move.type;
	if (move.type === 'Normal' && ATE_ABILITIES[attacker.ability]) return ATE_ABILITIES[attacker.ability];
	if (move.sound && attacker.ability === 'liquidvoice') return 'Water';
	return move.type;
}

function stabOf(type, attacker, tables) {
	const own = tables.species(attacker.form).types;
	const hasType = own.includes(type) || attacker.types.includes(type);
	if (attacker.terastallized && attacker.tera === 'Stellar') return hasType ? 2 : 1.2;
	if (attacker.terastallized && attacker.tera === type && own.includes(type)) return 2;
	if (!hasType) return 1;
	return attacker.ability === 'adaptability' ? 2 : 1.5;
}

/** Factor of the types and of abilities and items that make immune. */
function effectivenessOf(move, type, attacker, defender, tables) {
	let factor = tables.effectiveness(type, defender.types);
	if (factor === 0 && (attacker.ability === 'scrappy' || attacker.ability === 'mindseye') && (type === 'Normal' || type === 'Fighting')) {
		factor = tables.effectiveness(type, defender.types.filter(other => other !== 'Ghost'));
	}
	if (move.id === 'freezedry' && defender.types.includes('Water')) factor *= 4;
	if (move.id === 'thousandarrows' && factor === 0) factor = 1;
	if (move.id !== 'thousandarrows' && type === 'Ground' && defender.item === 'airballoon') return 0;
	if (breaksAbilities(attacker, move)) return factor;
	const immune = ABILITY_IMMUNITY[defender.ability];
	if (immune && immune(type, move)) return 0;
	if (defender.ability === 'wonderguard' && factor <= 1) return 0;
	if (defender.ability === 'terashell' && defender.percent === 100 && factor > 0.5) return 0.5;
	return factor;
}

function breaksAbilities(attacker, move) {
	return move.ignoresAbility || ['moldbreaker', 'teravolt', 'turboblaze'].includes(attacker.ability);
}

/** Attack and defense that meet, with stages, items, weather and the four ruinous abilities. */
function ratioOf(move, attacker, defender, field) {
	const physical = move.category === 'Physical';
	const attackStat = move.attackStat || (physical ? 'atk' : 'spa');
	const defenseStat = move.defenseStat || (physical ? 'def' : 'spd');
	const source = move.useTargetAttack ? defender : attacker;
	let attack = source.stats[attackStat] * stageFactor(defender.ability === 'unaware' ? 0 : source.boosts[attackStat]);
	let defense = defender.stats[defenseStat] * stageFactor(move.foulStages || attacker.ability === 'unaware' ? 0 : defender.boosts[defenseStat]);
	if (attacker.item === 'choiceband' && physical) attack *= 1.5;
	if (attacker.item === 'choicespecs' && !physical) attack *= 1.5;
	if (attacker.item === 'lightball' && attacker.form.startsWith('Pikachu')) attack *= 2;
	if (defender.item === 'assaultvest' && defenseStat === 'spd') defense *= 1.5;
	if (defender.item === 'eviolite') defense *= 1.5;
	if (field.weather === 'sandstorm' && defenseStat === 'spd' && defender.types.includes('Rock')) defense *= 1.5;
	if ((field.weather === 'snowscape' || field.weather === 'snow') && defenseStat === 'def' && defender.types.includes('Ice')) defense *= 1.5;
	for (const record of field.actives) {
		if (record !== defender && (record.ability === 'swordofruin' && defenseStat === 'def' || record.ability === 'beadsofruin' && defenseStat === 'spd')) defense *= 0.75;
		if (record !== attacker && (record.ability === 'tabletsofruin' && attackStat === 'atk' || record.ability === 'vesselofruin' && attackStat === 'spa')) attack *= 0.75;
	}
	return attack / defense;
}

function weatherFactor(type, weather) {
	const sun = weather === 'sunnyday' || weather === 'desolateland';
	const rain = weather === 'raindance' || weather === 'primordialsea';
	if (type === 'Fire') return sun ? 1.5 : weather === 'primordialsea' ? 0 : rain ? 0.5 : 1;
	if (type === 'Water') return rain ? 1.5 : weather === 'desolateland' ? 0 : sun ? 0.5 : 1;
	return 1;
}

const TERRAIN_TYPE = { electricterrain: 'Electric', grassyterrain: 'Grass', psychicterrain: 'Psychic' };

function terrainFactor(move, type, attacker, defender, terrain) {
	if (!terrain) return 1;
	if (terrain === 'psychicterrain' && move.priority > 0 && isGrounded(defender)) return 0;
	if (terrain === 'mistyterrain') return type === 'Dragon' && isGrounded(defender) ? 0.5 : 1;
	if (terrain === 'grassyterrain' && ['earthquake', 'bulldoze', 'magnitude'].includes(move.id) && isGrounded(defender)) return 0.5;
	return TERRAIN_TYPE[terrain] === type && isGrounded(attacker) ? 1.3 : 1;
}

function itemFactor(move, type, attacker, defender, effectiveness) {
	let factor = 1;
	const { item } = attacker;
	if (item === 'lifeorb') factor *= 1.3;
	else if (item === 'expertbelt' && effectiveness > 1) factor *= 1.2;
	else if (ITEM_TYPE[item] === type) factor *= 1.2;
	else if (item === 'muscleband' && move.category === 'Physical' || item === 'wiseglasses' && move.category === 'Special') factor *= 1.1;
	if (RESIST_BERRY[defender.item] === type && (effectiveness > 1 || type === 'Normal')) factor *= 0.5;
	return factor;
}

function screenFactor(move, attacker, screens) {
	if (move.breaksScreens || attacker.ability === 'infiltrator') return 1;
	const screen = move.category === 'Physical' ? screens.reflect : screens.lightscreen;
	return screen || screens.auroraveil ? SCREEN : 1;
}

function fixedDamage(move, attacker, defender) {
	if (move.fixed === 'level') return attacker.level;
	if (typeof move.fixed === 'number' && move.fixed > 0) return move.fixed;
	if (move.id === 'superfang' || move.id === 'naturesmadness' || move.id === 'ruination') return hpLeft(defender) / 2;
	if (move.id === 'endeavor') return Math.max(0, hpLeft(defender) - hpLeft(attacker));
	if (move.id === 'finalgambit') return hpLeft(attacker);
	return move.ohko ? hpLeft(defender) * 0.3 : 0;
}

function hpLeft(record) {
	return record.hp ?? record.stats.hp * record.percent / 100;
}

/**
 * Expected damage of a move that hits.
 *
 * @param {object} move Facts of the move (tables.js).
 * @param {object} attacker A record (party.js).
 * @param {object} defender A record.
 * @param {object} field {weather, terrain, actives, screens, spread, tables}: `screens` of the defender's side, `spread`
 *     whether the move strikes more than one Pokémon now.
 * @returns {{share: number, effectiveness: number}} Damage divided by the target's full HP, and the factor of the types.
 */
function expectedDamage(move, attacker, defender, field) {
	if (move.category === 'Status') return { share: 0, effectiveness: 1 };
	const type = typeOf(move, attacker, field);
	const effectiveness = effectivenessOf(move, type, attacker, defender, field.tables);
	if (effectiveness === 0) return { share: 0, effectiveness };
	const hp = defender.maxhp || defender.stats.hp;
	const fixed = fixedDamage(move, attacker, defender);
	if (fixed) return { share: fixed / hp, effectiveness };
	const rule = POWER_RULES[move.id];
	const power = rule ? rule(move, attacker, defender, field) : move.power;
	if (!power) return { share: 0, effectiveness };
	const ratio = ratioOf(move, attacker, defender, field);
	let damage = Math.floor(Math.floor(Math.floor(2 * attacker.level / 5 + 2) * power * ratio) / 50) + 2;
	damage *= (field.spread ? SPREAD : 1) * weatherFactor(type, field.weather) * MEAN_ROLL * stabOf(type, attacker, field.tables) * effectiveness;
	damage *= terrainFactor(move, type, attacker, defender, field.terrain) * itemFactor(move, type, attacker, defender, effectiveness);
	if (attacker.status === 'brn' && move.category === 'Physical' && attacker.ability !== 'guts' && move.id !== 'facade') damage *= 0.5;
	damage *= screenFactor(move, attacker, field.screens);
	const offense = ATTACKER_ABILITIES[attacker.ability];
	if (offense) damage *= offense(move, type, attacker, defender, field, effectiveness);
	const defense = !breaksAbilities(attacker, move) && DEFENDER_ABILITIES[defender.ability];
	if (defense) damage *= defense(move, type, attacker, defender, field, effectiveness);
	return { share: Math.min(4, damage * move.hits / hp), effectiveness };
}

/** Speed in play: stages, paralysis, items, abilities of weather and terrain, tailwind. */
function speedOf(record, field, tailwind) {
	let speed = record.stats.spe * stageFactor(record.boosts.spe);
	if (record.item === 'choicescarf') speed *= 1.5;
	if (record.item === 'ironball' || record.item === 'machobrace') speed *= 0.5;
	const { weather } = field;
	if (record.ability === 'swiftswim' && (weather === 'raindance' || weather === 'primordialsea')) speed *= 2;
	if (record.ability === 'chlorophyll' && (weather === 'sunnyday' || weather === 'desolateland')) speed *= 2;
	if (record.ability === 'sandrush' && weather === 'sandstorm' || record.ability === 'slushrush' && (weather === 'snowscape' || weather === 'snow')) speed *= 2;
	if (record.ability === 'surgesurfer' && field.terrain === 'electricterrain') speed *= 2;
	if (record.volatile.quarkdrivespe !== undefined || record.volatile.protosynthesisspe !== undefined) speed *= 1.5;
	if (record.status === 'par' && record.ability !== 'quickfeet') speed *= 0.5;
	return tailwind ? speed * 2 : speed;
}

module.exports = { expectedDamage, isGrounded, speedOf, typeOf };
