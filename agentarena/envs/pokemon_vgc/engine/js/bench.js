'use strict';
/**
 * The limit of speed: random joint choices on the simulator, inside Node, without observations and without Python.
 */
const { ArenaBattle } = require('./battle');
const { Failure, quote } = require('./failure');
const { checkSeed } = require('./formats');
const { PRNG } = require('./showdown');

function nextSeed(prng) {
	return Array.from({ length: 4 }, () => prng.random(65536)).join(',');
}

/**
 * Plays battles, some at once, and measures.
 *
 * @returns {{seconds: number, battles: number, turns: number, decisions: number}} `decisions` counts requests answered, of
 *     either side.
 */
function bench({ battles, format, rules = [], seed, teams = null, together = 16, sheets = 'open' }) {
	for (const [name, value] of [['battles', battles], ['together', together]]) {
		if (!Number.isInteger(value) || value < 1 || value > 100000) throw new Failure('bad_command', `${name} is a number from 1 to 100000, got ${quote(value)}`);
	}
	const prng = new PRNG(checkSeed(seed));
	const count = { battles: 0, turns: 0, decisions: 0 };
	const start = process.hrtime.bigint();
	let started = 0;
	const open = () => {
		const pair = teams ? teams[started % teams.length] : [null, null];
		started++;
		return ArenaBattle.start({ format, rules, seed: nextSeed(prng), teams: pair, sheets });
	};
	const running = Array.from({ length: Math.min(together, battles) }, open);
	while (running.length) {
		for (let i = running.length - 1; i >= 0; i--) {
			count.decisions += running[i].chooseRandom(prng);
			if (!running[i].battle.ended) continue;
			count.battles++;
			count.turns += running[i].battle.turn;
			running[i].destroy();
			if (started < battles) running[i] = open();
			else running.splice(i, 1);
		}
	}
	return { seconds: Number(process.hrtime.bigint() - start) / 1e9, ...count };
}

module.exports = { bench };
