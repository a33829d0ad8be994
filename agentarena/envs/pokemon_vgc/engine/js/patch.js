'use strict';
/**
 * A speed patch of the simulator's event look-up, off unless `--patch` is given.
 *
 * A third of a battle's time goes into asking every effect in play for a handler of every event, by names such as
 * "onFoeModifyAtk" that no effect has. The patch collects, once for each mod, the names that any ability, item, move,
 * condition or rule of that mod has at all, and does not ask for the others. The order of the handlers stays the same, and
 * so do the logs, byte for byte; a test plays the same battles with and without.
 *
 * Two guards: the package's exact version, and a scan of the very mod that a battle uses (the base game alone lacks names
 * that Champions has).
 */
const { Battle, Dex, PINNED_VERSION, Pokemon, version } = require('./showdown');

/** Tables of a dex whose entries, and their `condition`, carry event handlers. */
const TABLES = ['Abilities', 'Items', 'Moves', 'Conditions', 'Rulesets', 'Pokedex'];
/** Asked for on behalf of `onStart`, so that it exists whether or not an effect is named so. */
const ALWAYS = ['onSwitchIn'];
/** Events that have no variants for allies, foes or the source. */
const PLAIN_EVENTS = new Set(['BeforeTurn', 'Update', 'Weather', 'WeatherChange', 'TerrainChange']);

let patched = false;

function addNames(names, effect) {
	for (const key in effect) if (key.startsWith('on')) names.add(key);
}

/** Every handler name that occurs in a mod. */
function handlerNames(dex) {
	const names = new Set(ALWAYS);
	for (const table of TABLES) {
		for (const entry of Object.values(dex.data[table])) {
			addNames(names, entry);
			if (entry.condition) addNames(names, entry.condition);
		}
	}
	for (const format of Dex.formats.all()) addNames(names, format);
	return names;
}

/** The handler names of one mod, and for each event those of its variants that exist. */
class Names {
	constructor(dex) {
		this.all = handlerNames(dex);
		this.events = new Map();
	}

	event(eventName) {
		let variants = this.events.get(eventName);
		if (!variants) this.events.set(eventName, variants = this.variants(eventName));
		return variants;
	}

	variants(eventName) {
		const known = (prefix, allowed = true) => allowed && this.all.has(`on${prefix}${eventName}`) ? `on${prefix}${eventName}` : null;
		const prefixed = !PLAIN_EVENTS.has(eventName);
		return {
			self: known(''), ally: known('Ally', prefixed), any: known('Any', prefixed), foe: known('Foe', prefixed), source: known('Source', prefixed),
		};
	}
}

const namesByDex = new WeakMap();

function namesOf(dex) {
	let names = namesByDex.get(dex);
	if (!names) namesByDex.set(dex, names = new Names(dex));
	return names;
}

function append(handlers, more) {
	for (let i = 0; i < more.length; i++) handlers.push(more[i]);
}

/** Handlers of an event on one Pokémon: its own, its side's actives', the foes', the source's, then sides, field and format. */
function handlersOnPokemon(battle, target, names, source) {
	const handlers = [];
	const { self, ally, any, foe } = names;
	if (target.isActive || source?.isActive) {
		if (self) append(handlers, battle.findPokemonEventHandlers(target, self));
		if (ally || any) {
			for (const member of target.alliesAndSelf()) {
				if (ally) append(handlers, battle.findPokemonEventHandlers(member, ally));
				if (any) append(handlers, battle.findPokemonEventHandlers(member, any));
			}
		}
		if (foe || any) {
			for (const member of target.foes()) {
				if (foe) append(handlers, battle.findPokemonEventHandlers(member, foe));
				if (any) append(handlers, battle.findPokemonEventHandlers(member, any));
			}
		}
		if (source && names.source) append(handlers, battle.findPokemonEventHandlers(source, names.source));
		for (const side of battle.sides) {
			const own = side === target.side ? self : foe;
			if (own) append(handlers, battle.findSideEventHandlers(side, own));
			if (any) append(handlers, battle.findSideEventHandlers(side, any));
		}
	} else if (source && names.source) {
		append(handlers, battle.findPokemonEventHandlers(source, names.source));
	}
	if (self) append(handlers, battle.findFieldEventHandlers(battle.field, self));
	if (self) append(handlers, battle.findBattleEventHandlers(self));
	return handlers;
}

/** Looks up by event and asks only for names that exist; other kinds of targets go the simulator's way. */
function patchEventLookup() {
	const original = Battle.prototype.findEventHandlers;
	Battle.prototype.findEventHandlers = function (target, eventName, source) {
		if (!(target instanceof Pokemon) || this.events || this.sides.length > 2) return original.call(this, target, eventName, source);
		return handlersOnPokemon(this, target, namesOf(this.dex).event(eventName), source);
	};
}

/** Wraps one look-up method so that a name that no effect has costs one set look-up. */
function skipUnknownNames(method) {
	const original = Battle.prototype[method];
	Battle.prototype[method] = function (holder, callbackName, getKey, customHolder) {
		if (!getKey && !namesOf(this.dex).all.has(callbackName)) return [];
		return original.call(this, holder, callbackName, getKey, customHolder);
	};
}

/** Turns the patch on for this process. Throws when the package is another version than the one it was tested with. */
function applyPatch() {
	if (patched) return;
	if (version !== PINNED_VERSION) throw new Error(`--patch is tested with pokemon-showdown ${PINNED_VERSION} only, this is ${version}: run without it`);
	patchEventLookup();
	for (const method of ['findPokemonEventHandlers', 'findSideEventHandlers', 'findFieldEventHandlers']) skipUnknownNames(method);
	patched = true;
}

module.exports = { applyPatch, isPatched: () => patched };
