'use strict';
/** Teams as packed strings: reading, writing, checking against a format, random ones, and pools of legal sets. */
const { Failure, quote } = require('./failure');
const { checkSeed, getFormat } = require('./formats');
const { Dex, PRNG, TeamValidator, Teams, toID } = require('./showdown');
const { vocabulary } = require('./tables');

/** Longest packed team or export text, in characters. */
const LONGEST_TEAM = 20000;
const CACHED_TEAMS = 4096;
const checkedTeams = new Map();

function unpackTeam(packed) {
	if (typeof packed !== 'string' || !packed || packed.length > LONGEST_TEAM) {
		throw new Failure('bad_team', `a team is a packed string of 1 to ${LONGEST_TEAM} characters, got ${quote(packed)}`);
	}
	let sets = null;
	try {
		sets = Teams.unpack(packed);
	} catch {
		sets = null;
	}
	if (!sets || !sets.length) throw new Failure('bad_team', `this is no packed team: ${quote(packed)}`);
	return sets;
}

/** Reasons why a team is not legal in a format; none when it is. `sets` is brought into the form that is played. */
function problemsOf(entry, sets) {
	return TeamValidator.get(entry.format).validateTeam(sets) || [];
}

function validate({ format, rules, team }) {
	const entry = getFormat(format, rules);
	return { problems: problemsOf(entry, unpackTeam(team)) };
}

/**
 * A team as the simulator plays it (levels adjusted, names corrected), as a packed string.
 * Results are cached, since the same teams play many battles. Throws Failure("bad_team") with the reasons.
 */
function playableTeam(entry, packed) {
	const key = `${entry.full}\n${packed}`;
	let checked = checkedTeams.get(key);
	if (!checked) {
		const sets = unpackTeam(packed);
		const problems = problemsOf(entry, sets);
		checked = problems.length ? { problems } : { packed: Teams.pack(sets), size: sets.length };
		if (checkedTeams.size >= CACHED_TEAMS) checkedTeams.clear();
		checkedTeams.set(key, checked);
	}
	if (checked.problems) throw new Failure('bad_team', `the format refuses this team: ${checked.problems.slice(0, 12).join(' ')}`);
	if (checked.size < 2) throw new Failure('bad_team', 'a doubles team has at least 2 Pokémon, got 1');
	return checked.packed;
}

/** A team of the format's own random generator, packed. */
function generateTeam(entry, seed) {
	if (!entry.format.team) throw new Failure('bad_format', `${entry.id} has no random teams of its own`);
	return Teams.pack(Teams.getGenerator(entry.format, seed).getTeam());
}

function randomTeam({ format, rules, seed }) {
	return { team: generateTeam(getFormat(format, rules), checkSeed(seed)) };
}

/** Seeds of the two random teams of a battle. */
function teamSeeds(seed) {
	const prng = new PRNG(seed);
	return [0, 1].map(() => Array.from({ length: 4 }, () => prng.random(65536)).join(','));
}

/** Random formats whose generators supply sets: those of the format's own rules first. */
const GENERATORS = ['gen9randomdoublesbattle', 'gen9randombattle'];
const CHAMPIONS_GENERATORS = ['gen9championsrandombattle', ...GENERATORS];

/** The one-Pokémon team of a generated set at level 50 with the format's spread of points, or null when it is not legal by itself. */
function legalSet(validator, entry, set) {
	const points = entry.format.mod.startsWith('champions') ? 11 : 84;
	const evs = { hp: points, atk: points, def: points, spa: points, spd: points, spe: points };
	const candidate = { ...set, name: set.species, level: 50, evs, ivs: undefined, shiny: false, nature: set.nature || 'Serious', gigantamax: undefined };
	if (!candidate.ivs) delete candidate.ivs;
	const [plain] = Teams.unpack(Teams.pack([candidate]));
	return validator.validateSet(plain, {}) ? null : Teams.pack([plain]);
}

/**
 * Legal sets for a format, from the package's own random team generators.
 *
 * @returns {{sets: string[]}} Packed one-Pokémon teams: distinct, sorted, each legal by itself. A function of format, seed and calls.
 */
function legalSets({ format, rules, seed, calls }) {
	if (!Number.isInteger(calls) || calls < 1 || calls > 5000) throw new Failure('bad_command', `calls is a number from 1 to 5000, got ${quote(calls)}`);
	const entry = getFormat(format, rules);
	const validator = TeamValidator.get(entry.format);
	const names = entry.format.mod.startsWith('champions') ? CHAMPIONS_GENERATORS : GENERATORS;
	const generators = names.map(name => Teams.getGenerator(name, checkSeed(seed)));
	const sets = new Set();
	for (let call = 0; call < calls; call++) {
		for (const set of generators[call % generators.length].getTeam()) {
			const packed = legalSet(validator, entry, set);
			if (packed) sets.add(packed);
		}
	}
	return { sets: [...sets].sort() };
}

/** The sets of a packed team, with canonical names and National Dex numbers (`num`, for the species clause). */
function unpack({ team }) {
	const sets = unpackTeam(team).map(set => {
		const species = Dex.species.get(set.species || set.name);
		return { ...set, species: species.name, num: species.num, item: Dex.items.get(set.item).name, ability: Dex.abilities.get(set.ability).name, moves: set.moves.map(move => Dex.moves.get(move).name) };
	});
	return { sets };
}

/** Vocabulary numbers of sets: species, ability, item and four moves each, as in a battle's `ids`. */
function setIds({ sets, format, rules }) {
	getFormat(format, rules);
	if (!Array.isArray(sets) || sets.length > 10000) throw new Failure('bad_command', `sets is a list of at most 10000 packed sets, got ${quote(sets)}`);
	const words = vocabulary();
	const number = (kind, name) => words[kind].numbers.get(toID(name)) || 0;
	return {
		ids: sets.map(packed => {
			const [set] = unpackTeam(packed);
			const moves = [0, 1, 2, 3].map(m => number('moves', set.moves[m]));
			return [number('species', Dex.species.get(set.species || set.name).id), number('abilities', set.ability), number('items', set.item), ...moves];
		}),
	};
}

/** Packs a team in the text form that players exchange. */
function pack({ text }) {
	if (typeof text !== 'string' || text.length > LONGEST_TEAM) throw new Failure('bad_team', `text is a string of at most ${LONGEST_TEAM} characters, got ${quote(text)}`);
	let sets = null;
	try {
		sets = Teams.import(text);
	} catch (error) {
		throw new Failure('bad_team', `this text cannot be read as a team: ${error.message}`);
	}
	if (!sets || !sets.length) throw new Failure('bad_team', `this text has no Pokémon: ${quote(text)}`);
	return { team: Teams.pack(sets) };
}

module.exports = { generateTeam, legalSets, pack, playableTeam, randomTeam, setIds, teamSeeds, unpack, unpackTeam, validate };
