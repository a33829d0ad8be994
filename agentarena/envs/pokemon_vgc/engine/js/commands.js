'use strict';
/** The operations of the pipe protocol, by name. Each gets the open battles and its command, and returns the reply's value. */
const { ArenaBattle } = require('./battle');
const { bench } = require('./bench');
const { Failure, quote } = require('./failure');
const { follow } = require('./follow');
const { formatNames } = require('./formats');
const { layoutHash } = require('./layout');
const { forkBattle, loadBattle, saveBattle } = require('./snapshot');
const { isPatched } = require('./patch');
const { version } = require('./showdown');
const teams = require('./teams');

/** Most battles that are open at once. */
const MOST_BATTLES = 20000;

class Commands {
	constructor() {
		this.battles = new Map();
	}

	/** Runs one command. Returns {ok} or {error}; never throws. */
	run(command) {
		try {
			const op = command && typeof command === 'object' && typeof command.op === 'string' ? command.op : null;
			if (op === null || !Object.hasOwn(operations, op)) {
				throw new Failure('bad_command', `a command is an object whose "op" is one of ${Object.keys(operations).join(', ')}; got ${quote(command)}`);
			}
			return { ok: operations[op](this, command) };
		} catch (error) {
			return { error: this.blame(error, command) };
		}
	}

	/** The reply for an error. One that the simulator threw ends its battle, which may be half-way through a turn. */
	blame(error, command) {
		if (error instanceof Failure) return { kind: error.kind, message: error.message };
		if (command && typeof command.battle === 'string') this.battles.delete(command.battle);
		return { kind: 'crashed', message: `${error && error.message}; ${String(error && error.stack).split('\n').slice(1, 4).map(line => line.trim()).join(' ')}` };
	}

	battle({ battle }) {
		const open = typeof battle === 'string' && this.battles.get(battle);
		if (!open) throw new Failure('unknown_battle', `no battle is named ${quote(battle)}; it was never started, or was dropped`);
		return open;
	}

	/** Files a new battle under its name. */
	open(name, create) {
		if (typeof name !== 'string' || !name || name.length > 200) throw new Failure('bad_command', `a battle's name is a string of 1 to 200 characters, got ${quote(name)}`);
		if (this.battles.has(name)) throw new Failure('bad_command', `a battle named ${quote(name)} is open already; drop it first`);
		if (this.battles.size >= MOST_BATTLES) throw new Failure('bad_command', `${MOST_BATTLES} battles are open; drop some first`);
		const battle = create();
		const update = battle.update();
		this.battles.set(name, battle);
		return update;
	}
}

function hello() {
	return { protocol: 1, node: process.version, showdown: version, patched: isPatched(), formats: formatNames(), layout: layoutHash() };
}

const operations = {
	hello,
	start: (commands, command) => commands.open(command.battle, () => ArenaBattle.start(command)),
	choose: (commands, command) => {
		const battle = commands.battle(command);
		battle.choose(command.actions);
		return battle.update();
	},
	peek: (commands, command) => commands.battle(command).peek(command),
	save: (commands, command) => ({ snapshot: saveBattle(commands.battle(command)) }),
	load: (commands, command) => commands.open(command.battle, () => loadBattle(command.snapshot, command.want)),
	fork: (commands, command) => commands.open(command.into, () => forkBattle(commands.battle(command), command)),
	playout: (commands, command) => commands.battle(command).playout(command),
	drop: (commands, command) => {
		commands.battle(command).destroy();
		commands.battles.delete(command.battle);
		return {};
	},
	digest: (commands, command) => ({ digest: commands.battle(command).digest() }),
	input_log: (commands, command) => ({ lines: commands.battle(command).battle.inputLog }),
	validate: (commands, command) => teams.validate(command),
	random_team: (commands, command) => teams.randomTeam(command),
	legal_sets: (commands, command) => teams.legalSets(command),
	unpack: (commands, command) => teams.unpack(command),
	pack: (commands, command) => teams.pack(command),
	set_ids: (commands, command) => teams.setIds(command),
	follow: (commands, command) => follow(command),
	bench: (commands, command) => bench(command),
};

module.exports = { Commands };
