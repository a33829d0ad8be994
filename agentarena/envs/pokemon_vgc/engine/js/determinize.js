'use strict';
/**
 * Turns a private copy of a battle into one that a seat could believe it is in.
 *
 * Everything about the other side that the seat cannot know is redrawn: which Pokémon wait on the bench, unknown moves,
 * items, abilities, Tera types, points and natures, exact HP, the choices it has made for the rest of this turn, hidden
 * counters (sleep, confusion, binding) of both sides, and the random numbers to come. The result is a function of what the
 * seat knows and the seed. What it holds beyond: active volatile states, which the protocol announces, are carried over.
 *
 * Approximations: spreads are usual ones (assume.js), a Substitute is whole, and an open choice of the other side is asked
 * again.
 */
const { assumedSet, newSeed, unseenMembers } = require('./assume');
const { playerLines } = require('./channel');
const { turnsLeft } = require('./durations');
const { GIMMICK, MOVE, legalActions } = require('./masks');
const { PRNG, Pokemon } = require('./showdown');

/** Volatile states that only an item shows; kept when the item is known. */
const ITEM_STATES = new Set(['choicelock']);

class Determinizer {
	constructor(arena, seat, seed) {
		this.arena = arena;
		this.battle = arena.battle;
		this.seat = seat;
		this.knowledge = arena.knowledge[seat];
		this.state = this.knowledge.state;
		this.entry = arena.entry;
		this.foe = arena.battle.sides[1 - seat];
		this.own = arena.battle.sides[seat];
		this.prng = new PRNG(seed);
		this.lines = playerLines(arena.battle.log, 0)[seat];
		this.preview = this.own.requestState === 'teampreview' || this.battle.turn === 0;
	}

	run(battleSeed) {
		const { battle, foe } = this;
		battle.prng = new PRNG(newSeed(this.prng));
		const size = this.arena.sets[1 - this.seat].length;
		const members = this.state.team.concat(this.entry.format.team ? unseenMembers(this.entry, this.knowledge, size - this.state.team.length, this.prng) : []);
		const drawn = members.map(member => new Pokemon(assumedSet(this.entry, member, this.prng), foe));
		battle.log.length = 0;
		this.fillSide(members, drawn);
		foe.team = drawn.map(pokemon => pokemon.set);
		this.arena.sets[1 - this.seat] = foe.team.slice();
		this.redrawCounters();
		this.redrawDurations();
		this.hideHistory();
		this.refreshActives();
		this.redrawRequests();
		this.redrawQueue();
		battle.prng = new PRNG(battleSeed ?? newSeed(this.prng));
		return this.arena;
	}

	/** Seats the assumed team: actives where the player sees them, then those seen before, then a draw of the unseen. */
	fillSide(members, drawn) {
		const { foe } = this;
		const places = foe.pokemon.length;
		const bySlot = foe.active.map((pokemon, slot) => this.preview ? null : this.state.slots[`${foe.id}${'ab'[slot]}`].member);
		const order = this.benchOrder(members, bySlot, places);
		const seenBefore = foe.pokemon.slice();
		foe.pokemon = order.map((index, position) => {
			const old = this.objectOf(members[index], bySlot.indexOf(index), seenBefore);
			const pokemon = old ? this.assume(old, drawn[index], members[index]) : this.enterFresh(drawn[index]);
			pokemon.position = position;
			if (!old) pokemon.isActive = false;
			drawn[index] = pokemon;
			return pokemon;
		});
		if (!this.preview) foe.active = foe.active.map((old, slot) => old && foe.pokemon[slot]);
		foe.pokemonLeft = foe.pokemon.filter(pokemon => !pokemon.fainted).length;
	}

	/** Member indices in the order of the side: actives, seen ones, drawn unseen ones. */
	benchOrder(members, bySlot, places) {
		if (this.preview) return members.map((_, index) => index).slice(0, places);
		const actives = bySlot.filter(index => index !== null);
		const seen = members.map((_, index) => index).filter(index => members[index].seen && !actives.includes(index));
		const unseen = members.map((_, index) => index).filter(index => !members[index].seen && !actives.includes(index));
		this.prng.shuffle(unseen);
		return [...actives, ...seen, ...unseen].slice(0, places);
	}

	/** The simulator's object behind a member that was seen, or null for one that was not. */
	objectOf(member, slot, objects) {
		if (slot >= 0) return this.foe.active[slot];
		if (!member.seen) return null;
		const base = this.entry.dex.species.get(member.species).baseSpecies;
		const fits = pokemon => !pokemon.isActive && pokemon.name === member.name && pokemon.baseSpecies.baseSpecies === base;
		return objects.find(fits) || null;
	}

	/** A Pokémon that has not come in yet, after what the start of the battle does to it. */
	enterFresh(pokemon) {
		if (!this.preview) this.battle.singleEvent('BattleStart', this.battle.dex.conditions.getByID(pokemon.species.id), pokemon.speciesState, pokemon);
		return pokemon;
	}

	/** Gives a Pokémon that was seen the assumed set; its announced state stays. */
	assume(pokemon, drawn, member) {
		const sameSpecies = pokemon.baseSpecies.baseSpecies === drawn.baseSpecies.baseSpecies;
		if (!sameSpecies) Object.assign(pokemon, { baseSpecies: drawn.baseSpecies, name: drawn.name, fullname: drawn.fullname, transformed: false });
		Object.assign(pokemon, { set: drawn.set, level: drawn.level, gender: drawn.gender, illusion: null, teraType: drawn.teraType, pokeball: drawn.pokeball, happiness: drawn.happiness });
		if (pokemon.canTerastallize) pokemon.canTerastallize = drawn.teraType;
		this.assumeHealth(pokemon, drawn, member, sameSpecies);
		this.assumeItem(pokemon, member.item ?? drawn.item);
		this.assumeAbility(pokemon, drawn, member);
		this.assumeMoves(pokemon, drawn, member);
		pokemon.details = pokemon.getUpdatedDetails();
		return pokemon;
	}

	assumeHealth(pokemon, drawn, member, sameSpecies) {
		const { battle } = this;
		const species = sameSpecies ? pokemon.species : drawn.species;
		if (!sameSpecies) Object.assign(pokemon, { species, types: drawn.types, baseTypes: drawn.baseTypes, addedType: '', weighthg: drawn.weighthg });
		const base = battle.spreadModify(pokemon.baseSpecies.baseStats, pokemon.set);
		const stats = battle.spreadModify(species.baseStats, pokemon.set);
		if (!pokemon.transformed) {
			pokemon.baseStoredStats = stats;
			for (const stat in pokemon.storedStats) pokemon.storedStats[stat] = stats[stat];
		} else {
			pokemon.baseStoredStats = base;
		}
		pokemon.baseMaxhp = pokemon.maxhp = species.maxHP || (pokemon.transformed ? base : stats).hp;
		pokemon.speed = pokemon.storedStats.spe;
		pokemon.hp = member.fainted ? 0 : this.drawHealth(pokemon, member.percent);
		if (pokemon.volatiles.substitute) pokemon.volatiles.substitute.hp = Math.floor(pokemon.maxhp / 4);
	}

	/** An exact HP that shows the known percentage. */
	drawHealth(pokemon, percent) {
		const shown = hp => {
			pokemon.hp = hp;
			return parseInt(pokemon.getHealth().shared);
		};
		const middle = Math.round(pokemon.maxhp * percent / 100);
		const range = Math.ceil(pokemon.maxhp / 100) + 1;
		const fitting = [];
		for (let hp = Math.max(1, middle - range); hp <= Math.min(pokemon.maxhp, middle + range); hp++) if (shown(hp) === percent) fitting.push(hp);
		return fitting.length ? this.prng.sample(fitting) : Math.max(1, Math.min(pokemon.maxhp, middle));
	}

	assumeItem(pokemon, item) {
		if (pokemon.item === item) return;
		pokemon.item = item;
		pokemon.itemState = this.battle.initEffectState({ id: item, target: pokemon }, pokemon.itemState.effectOrder);
	}

	assumeAbility(pokemon, drawn, member) {
		const ability = member.ability ?? drawn.ability;
		pokemon.baseAbility = member.baseAbility ?? drawn.baseAbility;
		if (pokemon.ability === ability) return;
		pokemon.ability = ability;
		pokemon.abilityState = this.battle.initEffectState({ id: ability, target: pokemon }, pokemon.abilityState.effectOrder);
	}

	assumeMoves(pokemon, drawn, member) {
		const used = new Map(member.moves.map(move => [move.id, move.used]));
		const slots = drawn.baseMoveSlots.map(slot => ({ ...slot, pp: Math.max(0, slot.maxpp - (used.get(slot.id) || 0)) }));
		pokemon.baseMoveSlots = slots;
		if (!pokemon.transformed) pokemon.moveSlots = slots.slice();
		else this.assumeCopiedMoves(pokemon);
		for (const id of Object.keys(pokemon.volatiles)) {
			if (ITEM_STATES.has(id) && member.item === null) delete pokemon.volatiles[id];
		}
		Object.assign(pokemon, { attackedBy: [], lastDamage: 0, hurtThisTurn: pokemon.hurtThisTurn === null ? null : pokemon.hp });
	}

	/** PP of the moves that a transformed Pokémon has copied, by the uses that were seen. */
	assumeCopiedMoves(pokemon) {
		const copied = this.state.slots[`${this.foe.id}${'ab'[pokemon.position]}`]?.moves || [];
		for (const slot of pokemon.moveSlots) slot.pp = Math.max(0, slot.maxpp - (copied.find(move => move.id === slot.id)?.used || 0));
	}

	/** Counters that nobody is told: how long sleep, confusion, thrashing and binding still last. */
	redrawCounters() {
		for (const side of this.battle.sides) {
			for (const pokemon of side.pokemon) {
				if (pokemon.status === 'slp') this.redrawSleep(pokemon);
				const { confusion, lockedmove, partiallytrapped } = pokemon.volatiles;
				if (confusion) confusion.time = this.prng.random(1, 5);
				if (lockedmove && lockedmove.trueDuration) lockedmove.trueDuration = this.prng.random(1, 3);
				if (partiallytrapped && partiallytrapped.duration) partiallytrapped.duration = this.prng.random(1, 6);
			}
		}
	}

	redrawSleep({ statusState }) {
		const slept = statusState.startTime - statusState.time;
		if (!Number.isFinite(slept)) return;
		statusState.startTime = Math.max(slept + 1, this.prng.random(2, 5));
		statusState.time = statusState.startTime - slept;
	}

	/** Under closed sheets nobody knows whether an item prolongs the foe's weather, terrain or screens. */
	redrawDurations() {
		if (this.arena.setup.sheets === 'open') return;
		const { field } = this.battle;
		const { weather, terrain, upkeeps, sides } = this.state;
		const mine = source => source && source.side === this.own;
		if (weather && field.weatherState.duration && !mine(field.weatherState.source)) field.weatherState.duration = turnsLeft(weather.id, upkeeps - weather.since) || field.weatherState.duration;
		if (terrain && field.terrainState.duration && !mine(field.terrainState.source)) field.terrainState.duration = turnsLeft(terrain.id, upkeeps - terrain.since) || field.terrainState.duration;
		for (const [id, condition] of Object.entries(this.foe.sideConditions)) {
			const known = sides[this.foe.id][id];
			if (known && condition.duration) condition.duration = turnsLeft(id, upkeeps - known.since) || condition.duration;
		}
	}

	/** Removes what the log and the battle's memory tell about the other side. */
	hideHistory() {
		const { battle } = this;
		battle.log.length = 0;
		battle.log.push(...this.lines);
		this.arena.position = battle.sentLogPos = battle.log.length;
		Object.assign(battle, {
			inputLog: [], messageLog: [], lastMoveLine: -1, lastDamage: 0, hints: new Set(), quickClawRoll: this.prng.randomChance(1, 5), prngSeed: '0,0,0,0',
			speedOrder: battle.speedOrder.map((_, place) => place),
		});
		for (const conditions of this.foe.slotConditions) if (conditions.wish) conditions.wish.hp = Math.floor((conditions.wish.source?.maxhp || 200) / 2);
	}

	/** Works out again what moves are disabled and who is trapped, from the assumed sets. */
	refreshActives() {
		const { battle } = this;
		for (const pokemon of battle.getAllActive()) pokemon.updateSpeed();
		if (battle.requestState !== 'move') return;
		const before = battle.log.length;
		for (const pokemon of battle.getAllActive()) {
			pokemon.maybeDisabled = pokemon.maybeLocked = false;
			for (const slot of pokemon.moveSlots) Object.assign(slot, { disabled: false, disabledSource: '' });
			battle.runEvent('DisableMove', pokemon);
			for (const slot of pokemon.moveSlots) this.refreshMove(pokemon, slot);
			pokemon.trapped = pokemon.maybeTrapped = false;
			battle.runEvent('TrapPokemon', pokemon);
			if (!pokemon.knownType || battle.dex.getImmunity('trapped', pokemon)) battle.runEvent('MaybeTrapPokemon', pokemon);
		}
		battle.log.length = before;
	}

	refreshMove(pokemon, slot) {
		const move = this.battle.dex.getActiveMove(slot.id);
		this.battle.singleEvent('DisableMove', move, null, pokemon);
		if (move.flags.cantusetwice && pokemon.lastMove?.id === slot.id) pokemon.disableMove(slot.id);
	}

	/** New requests for the other side; the seat's own stays as it was shown. */
	redrawRequests() {
		const { battle, foe, own } = this;
		const mine = own.activeRequest;
		const flags = mine && mine.active ? own.active.map((pokemon, slot) => ({ pokemon, shown: mine.active[slot] })) : [];
		if (foe.activeRequest) {
			foe.clearChoice();
			foe.activeRequest = battle.getRequests(battle.requestState)[foe.n];
		}
		own.activeRequest = mine;
		for (const { pokemon, shown } of flags) {
			if (!pokemon || !shown) continue;
			if (shown.trapped) pokemon.trapped = true;
			pokemon.maybeTrapped = !!shown.maybeTrapped;
		}
	}

	/** Draws again what the other side has chosen for the rest of a turn that is under way. */
	redrawQueue() {
		const { battle, foe } = this;
		const pending = new Set(battle.queue.list.filter(action => action.pokemon && action.pokemon.side === foe && action.choice === 'move').map(action => action.pokemon));
		if (!pending.size) return;
		const rest = battle.queue.list.filter(action => !(action.pokemon && action.pokemon.side === foe && pending.has(action.pokemon) && action.choice !== 'runSwitch'));
		battle.queue.list = rest;
		for (const pokemon of foe.active) if (pokemon && pending.has(pokemon) && !pokemon.fainted) battle.queue.list.push(...this.drawMove(pokemon));
		for (const action of battle.queue.list) if (action.pokemon) battle.getActionSpeed(action);
		battle.queue.sort();
	}

	drawMove(pokemon) {
		const { battle, foe } = this;
		const request = { active: foe.active.map(member => member && !member.fainted ? member.getMoveRequestData() : null), side: foe.getRequestData() };
		const slot = foe.active.indexOf(pokemon);
		const legal = legalActions('move', request, foe.pokemon.map((_, k) => k), [null, null]);
		const moves = legal.slots[slot].filter(action => action >= MOVE && action < GIMMICK);
		if (!moves.length) return [];
		const action = this.prng.sample(moves);
		const move = request.active[slot].moves[(action - MOVE) >> 2] || request.active[slot].moves[0];
		const target = (action - MOVE) & 3;
		const targetLoc = target === 3 ? -(2 - slot) : target;
		return battle.queue.resolveAction({ choice: 'move', pokemon, targetLoc, moveid: move.id });
	}
}

/**
 * @param {ArenaBattle} arena A private copy; it is changed.
 * @param {number} seat Whose knowledge counts.
 * @param {string} seed Seed of the draw.
 * @param {string|null} battleSeed Seed of the battle from here on; null draws it from `seed`.
 */
function determinize(arena, seat, seed, battleSeed) {
	return new Determinizer(arena, seat, seed).run(battleSeed);
}

module.exports = { determinize };
