'use strict';
/** Formats, custom rules and seeds: checked once, before the simulator sees them. */
const { Failure, quote } = require('./failure');
const { Dex } = require('./showdown');

/** Formats that this engine is tested with; others run too when they are doubles for two players. */
const TESTED = ['gen9championsvgc2026regmb', 'gen9championsvgc2026regma', 'gen9vgc2025regi', 'gen9randomdoublesbattle', 'gen9doublescustomgame'];

const SEED = /^\d{1,5},\d{1,5},\d{1,5},\d{1,5}$/;
const formatCache = new Map();

/** A seed "a,b,c,d" of four 16-bit words. Throws Failure("bad_command"). */
function checkSeed(seed) {
	if (typeof seed !== 'string' || !SEED.test(seed) || seed.split(',').some(word => Number(word) > 65535)) {
		throw new Failure('bad_command', `a seed is four numbers from 0 to 65535 such as "1,2,3,4", got ${quote(seed)}`);
	}
	return seed;
}

function lookUp(id, rules) {
	if (typeof id !== 'string' || !/^[a-z0-9]{1,60}$/.test(id)) throw new Failure('bad_format', `a format is an id such as ${TESTED[0]}, got ${quote(id)}`);
	if (!Array.isArray(rules) || rules.length > 64 || !rules.every(rule => typeof rule === 'string' && rule.length <= 200 && !rule.includes('@@@'))) {
		throw new Failure('bad_format', `rules are at most 64 strings such as "!Open Team Sheets", got ${quote(rules)}`);
	}
	const plain = Dex.formats.get(id);
	if (!plain.exists || plain.effectType !== 'Format') throw new Failure('bad_format', `${quote(id)} is no format of this simulator; tested are ${TESTED.join(', ')}`);
	if (plain.gameType !== 'doubles') throw new Failure('bad_format', `${id} is ${plain.gameType}; only doubles for two players are supported`);
	let full = plain.id;
	try {
		if (rules.length) full = Dex.formats.validate(`${plain.id}@@@${rules.join(',')}`);
		const format = Dex.formats.get(full, true);
		Dex.formats.getRuleTable(format);
		return { id: plain.id, full, format, dex: Dex.forFormat(format), ruleTable: Dex.formats.getRuleTable(format) };
	} catch (error) {
		throw new Failure('bad_format', `${id} with rules ${quote(rules)}: ${error.message}`);
	}
}

/**
 * A format with custom rules: {id, full: id with rules, format, dex, ruleTable}. Throws Failure("bad_format").
 */
function getFormat(id, rules = []) {
	const key = JSON.stringify([id, rules]);
	let entry = formatCache.get(key);
	if (!entry) {
		entry = lookUp(id, rules);
		if (formatCache.size >= 256) formatCache.clear();
		formatCache.set(key, entry);
	}
	return entry;
}

/** Names of the tested formats that this version of the package has. */
function formatNames() {
	const names = {};
	for (const id of TESTED) {
		const format = Dex.formats.get(id);
		if (format.exists) names[id] = format.name;
	}
	return names;
}

module.exports = { checkSeed, formatNames, getFormat };
