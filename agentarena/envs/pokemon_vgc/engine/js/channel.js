'use strict';
/**
 * Splits the simulator's log into what each player and an all-knowing observer may read.
 *
 * A private line stands in the log as three entries: `|split|p1`, the line for that player, the line for everyone else
 * (empty where the others get none). Wall-clock lines (`|t:|`) are left out everywhere.
 */
const crypto = require('crypto');

const CLOCK = '|t:|';

/**
 * Lines of both players' channels from `position` on.
 *
 * @param {string[]} log The simulator's log.
 * @param {number} position First entry that was not read before; never inside a private line.
 * @returns {[string[], string[]]} Lines for player 1 and for player 2.
 */
function playerLines(log, position) {
	const lines = [[], []];
	for (let i = position; i < log.length; i++) {
		const line = log[i];
		if (line.startsWith('|split|p')) {
			const owner = line.charCodeAt(8) - 49;
			if (log[i + 1]) lines[owner].push(log[i + 1]);
			if (log[i + 2]) lines[1 - owner].push(log[i + 2]);
			i += 2;
		} else if (!line.startsWith(CLOCK)) {
			lines[0].push(line);
			lines[1].push(line);
		}
	}
	return lines;
}

/** The whole log with every secret, without the clock. */
function omniscientLines(log) {
	const lines = [];
	for (let i = 0; i < log.length; i++) {
		if (log[i].startsWith('|split|p')) {
			lines.push(log[i + 1]);
			i += 2;
		} else if (!log[i].startsWith(CLOCK)) {
			lines.push(log[i]);
		}
	}
	return lines;
}

/** SHA-256 of the omniscient log, in hex. */
function digest(log) {
	return crypto.createHash('sha256').update(omniscientLines(log).join('\n')).digest('hex');
}

module.exports = { digest, omniscientLines, playerLines };
