'use strict';
/**
 * Loads the pinned simulator from the folder named by AGENTARENA_SHOWDOWN.
 *
 * The folder is the one that contains `dist/`. Its `dist/{sim,lib,data,config}` are enough.
 * While the package runs, everything it prints goes to stderr: stdout carries replies and nothing else.
 */
const fs = require('fs');
const path = require('path');

/** The version whose behaviour the masks, the speed patch and the layout were tested with. */
const PINNED_VERSION = '0.11.11';

/** Keeps stdout for replies: console and stray writes of the package go to stderr. Returns the writer for replies. */
function claimStdout() {
	const writeReply = process.stdout.write.bind(process.stdout);
	process.stdout.write = (...parts) => process.stderr.write(...parts);
	for (const name of ['log', 'info', 'debug', 'dir', 'table', 'trace']) console[name] = console.error;
	return writeReply;
}

function packageFolder() {
	const folder = process.env.AGENTARENA_SHOWDOWN;
	if (!folder) throw new Error('AGENTARENA_SHOWDOWN is not set: it names the folder that contains dist/ of pokemon-showdown');
	if (!fs.existsSync(path.join(folder, 'dist', 'sim', 'index.js'))) {
		throw new Error(`AGENTARENA_SHOWDOWN is ${folder}, but ${folder}/dist/sim/index.js does not exist`);
	}
	return path.resolve(folder);
}

function packageVersion(folder) {
	const file = path.join(folder, 'package.json');
	return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')).version : 'unknown';
}

const folder = packageFolder();
const version = packageVersion(folder);
const sim = require(path.join(folder, 'dist', 'sim'));
const { State } = require(path.join(folder, 'dist', 'sim', 'state'));

module.exports = {
	PINNED_VERSION, claimStdout, folder, version,
	Battle: sim.Battle, Dex: sim.Dex, PRNG: sim.PRNG, Pokemon: sim.Pokemon, State, TeamValidator: sim.TeamValidator, Teams: sim.Teams, toID: sim.toID,
};
