'use strict';
/** Reads the parts of a protocol line: effects, tags, details, conditions. */
const { toID } = require('./showdown');

/** The id of an effect such as "move: Light Screen" or "ability: Drizzle". */
function effectId(text) {
	const colon = text.indexOf(': ');
	return toID(colon < 0 ? text : text.slice(colon + 2));
}

/** The value of a trailing tag such as "[from] item: Leftovers", or ''. */
function tag(parts, name) {
	const start = `[${name}]`;
	for (let i = 3; i < parts.length; i++) if (parts[i].startsWith(start)) return parts[i].slice(start.length).trim();
	return '';
}

/** Species, level, gender and Tera type of details such as "Rillaboom, L50, M, tera:Fire". */
function parseDetails(details) {
	const parts = details.split(', ');
	const facts = { species: parts[0].replace('-*', ''), level: 100, gender: '', tera: '' };
	for (const part of parts.slice(1)) {
		if (part === 'M' || part === 'F') facts.gender = part;
		else if (part.startsWith('tera:')) facts.tera = part.slice(5);
		else if (/^L\d+$/.test(part)) facts.level = Number(part.slice(1));
	}
	return facts;
}

/** Percentage, status and whether it has fainted, of a foe's condition such as "63/100 par" or "0 fnt". */
function parseCondition(text) {
	const [hp, status = ''] = text.split(' ');
	if (status === 'fnt' || hp === '0') return { percent: 0, status: '', fainted: true };
	const [now, whole] = hp.split('/');
	const percent = whole ? 100 * parseInt(now) / parseInt(whole) : parseInt(now);
	return { percent: Math.round(percent), status, fainted: false };
}

module.exports = { effectId, parseCondition, parseDetails, tag };
