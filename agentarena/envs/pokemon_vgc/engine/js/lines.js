'use strict';
/**
 * One handler for each kind of protocol line that changes what a player knows.
 *
 * A handler gets the player's Knowledge and the line split at '|': `parts[1]` is the kind, `parts[2]` mostly the Pokémon,
 * and trailing `[from] ...`, `[of] ...` tell the cause. The protocol is described in the package's PROTOCOL.md and
 * SIM-PROTOCOL.md.
 */
const { effectId, parseCondition, parseDetails, tag } = require('./line_parts');
const { Teams, toID } = require('./showdown');

/** Volatile states that count protected turns in a row. */
const PROTECTS = new Set([
	'protect', 'detect', 'kingsshield', 'spikyshield', 'banefulbunker', 'obstruct', 'silktrap', 'burningbulwark', 'endure', 'maxguard',
]);

function setCondition(knowledge, ident, text) {
	const member = knowledge.member(ident);
	if (member && text) Object.assign(member, parseCondition(text));
}

/** Learns abilities and items that the cause of a line gives away. */
function learnCause(knowledge, parts) {
	const from = tag(parts, 'from');
	if (!from) return;
	const of = tag(parts, 'of');
	const owner = knowledge.member(of && from !== 'ability: Trace' ? of : parts[2]);
	if (!owner) return;
	if (from.startsWith('ability: ')) learnAbility(owner, toID(from.slice(9)), true);
	else if (from.startsWith('item: ') && owner.item === null) owner.item = toID(from.slice(6));
}

function learnAbility(member, ability, isBase) {
	if (isBase && member.baseAbility === null) member.baseAbility = ability;
	if (!isBase || member.ability === null) member.ability = ability;
}

function baseSpecies(knowledge, name) {
	return knowledge.dex.species.get(name).baseSpecies;
}

/** Index in the foe's team of a Pokémon that has come in; a team without preview grows. */
function findMember(knowledge, name, facts) {
	const team = knowledge.state.team;
	const base = baseSpecies(knowledge, facts.species);
	const fits = member => baseSpecies(knowledge, member.species) === base;
	let index = team.findIndex(member => member.seen && member.name === name && fits(member));
	if (index < 0) index = team.findIndex(member => !member.seen && fits(member));
	if (index < 0 && team.length < 6) index = team.push(knowledge.newMember({ species: facts.species })) - 1;
	return index < 0 ? null : index;
}

function leaveSlot(knowledge, slot) {
	const member = slot.member === null ? null : knowledge.state.team[slot.member];
	if (member && member.baseAbility !== null) member.ability = member.baseAbility;
}

function enter(knowledge, parts) {
	const ident = parts[2];
	const position = ident.slice(0, 3);
	const old = knowledge.state.slots[position];
	const passed = tag(parts, 'from');
	leaveSlot(knowledge, old);
	const slot = knowledge.emptySlot();
	slot.entered = knowledge.state.turn;
	if (passed === 'Baton Pass') Object.assign(slot, { boosts: old.boosts, volatile: old.volatile });
	if (passed === 'Shed Tail' && old.volatile.substitute !== undefined) slot.volatile = { substitute: old.volatile.substitute };
	knowledge.state.slots[position] = slot;
	if (ident.startsWith(knowledge.foe)) showFoe(knowledge, slot, parts);
}

/** Puts the foe's Pokémon that a switch line shows into a slot. */
function showFoe(knowledge, slot, parts) {
	const name = parts[2].slice(5);
	const facts = parseDetails(parts[3]);
	slot.member = findMember(knowledge, name, facts);
	if (slot.member === null) return;
	const member = knowledge.state.team[slot.member];
	slot.before = JSON.stringify(member);
	Object.assign(member, { name, species: facts.species, level: facts.level, gender: facts.gender, seen: true });
	if (facts.tera) Object.assign(member, { tera: facts.tera, terastallized: true });
	Object.assign(member, parseCondition(parts[4] || '100/100'));
}

/** An illusion ends: the Pokémon in the slot is another one than was shown. */
function replace(knowledge, parts) {
	const slot = knowledge.slot(parts[2]);
	if (!slot || !parts[2].startsWith(knowledge.foe)) return;
	const shown = slot.member === null ? null : knowledge.state.team[slot.member];
	const condition = shown ? { percent: shown.percent, status: shown.status, fainted: shown.fainted } : {};
	if (shown && slot.before) knowledge.state.team[slot.member] = JSON.parse(slot.before);
	const name = parts[2].slice(5);
	const facts = parseDetails(parts[3]);
	slot.member = findMember(knowledge, name, facts);
	if (slot.member === null) return;
	const member = knowledge.state.team[slot.member];
	slot.before = JSON.stringify(member);
	Object.assign(member, { name, species: facts.species, level: facts.level, gender: facts.gender, seen: true, ...condition });
}

function changeBoost(knowledge, parts, sign) {
	const slot = knowledge.slot(parts[2]);
	if (slot) slot.boosts[parts[3]] = Math.max(-6, Math.min(6, slot.boosts[parts[3]] + sign * Number(parts[4])));
	learnCause(knowledge, parts);
}

function clearBoosts(slot, keep) {
	for (const stat in slot.boosts) if (!keep(slot.boosts[stat])) slot.boosts[stat] = 0;
}

function swapBoosts(knowledge, parts) {
	const a = knowledge.slot(parts[2]);
	const b = knowledge.slot(parts[3]);
	if (!a || !b) return;
	const stats = parts[4] && !parts[4].startsWith('[') ? parts[4].split(', ') : Object.keys(a.boosts);
	for (const stat of stats) [a.boosts[stat], b.boosts[stat]] = [b.boosts[stat], a.boosts[stat]];
}

function useMove(knowledge, parts) {
	const slot = knowledge.slot(parts[2]);
	if (!slot) return;
	const id = toID(parts[3]);
	slot.lastMove = id;
	const member = knowledge.member(parts[2]);
	const called = parts.slice(5).some(part => part.startsWith('[from]') && !part.includes('lockedmove'));
	if (!member || called || id === 'struggle' || id === 'recharge') return;
	const moves = slot.moves || member.moves;
	let move = moves.find(known => known.id === id);
	if (!move && moves.length < 4) moves.push(move = { id, used: 0 });
	if (move) move.used++;
}

function startVolatile(knowledge, parts) {
	learnCause(knowledge, parts);
	const slot = knowledge.slot(parts[2]);
	if (!slot) return;
	const id = effectId(parts[3]);
	if (id === 'typechange') {
		if (parts[4] && !parts[4].startsWith('[')) slot.types = parts[4].split('/');
		slot.addedType = '';
	} else if (id === 'typeadd') {
		slot.addedType = parts[4] || '';
	} else {
		if (id.startsWith('perish')) for (const other of Object.keys(slot.volatile)) if (other.startsWith('perish')) delete slot.volatile[other];
		slot.volatile[id] = knowledge.state.upkeeps;
		const member = knowledge.member(parts[2]);
		if (parts[3].startsWith('ability: ') && member) learnAbility(member, id, true);
	}
}

function endVolatile(knowledge, parts) {
	const slot = knowledge.slot(parts[2]);
	if (!slot) return;
	const id = effectId(parts[3]);
	delete slot.volatile[id];
	if (id === 'typechange') slot.types = null;
}

function singleTurn(knowledge, parts) {
	const slot = knowledge.slot(parts[2]);
	if (slot) slot.single[effectId(parts[3])] = 1;
	learnCause(knowledge, parts);
}

/** Effects that a slot keeps after an `-activate` line, until it leaves. */
const TRAPS = new Set(['trapped', 'bind', 'wrap', 'firespin', 'whirlpool', 'sandtomb', 'magmastorm', 'infestation', 'snaptrap', 'thundercage', 'clamp']);

function activate(knowledge, parts) {
	learnCause(knowledge, parts);
	if (!parts[3]) return;
	const member = knowledge.member(parts[2]);
	const id = effectId(parts[3]);
	if (member && parts[3].startsWith('ability: ')) learnAbility(member, id, true);
	if (member && parts[3].startsWith('item: ') && member.item === null) member.item = id;
	const slot = knowledge.slot(parts[2]);
	if (slot && TRAPS.has(id)) slot.volatile[id] = knowledge.state.upkeeps;
}

function startSide(knowledge, parts) {
	const conditions = knowledge.state.sides[parts[2].slice(0, 2)];
	const id = effectId(parts[3]);
	conditions[id] = { since: knowledge.state.upkeeps, layers: (conditions[id]?.layers || 0) + 1 };
}

function setWeather(knowledge, parts) {
	learnCause(knowledge, parts);
	const id = toID(parts[2]);
	if (id === 'none') knowledge.state.weather = null;
	else if (!parts.includes('[upkeep]')) knowledge.state.weather = { id, since: knowledge.state.upkeeps };
}

function startField(knowledge, parts) {
	learnCause(knowledge, parts);
	const id = effectId(parts[2]);
	const started = { id, since: knowledge.state.upkeeps };
	if (id.endsWith('terrain')) knowledge.state.terrain = started;
	else knowledge.state.pseudo[id] = started.since;
}

function endField(knowledge, parts) {
	const id = effectId(parts[2]);
	if (id.endsWith('terrain')) knowledge.state.terrain = null;
	else delete knowledge.state.pseudo[id];
}

function changeForm(knowledge, parts, permanent) {
	learnCause(knowledge, parts);
	const slot = knowledge.slot(parts[2]);
	const facts = parseDetails(parts[3]);
	const member = knowledge.member(parts[2]);
	if (permanent && member) {
		member.species = facts.species;
		const abilities = knowledge.dex.species.get(facts.species).abilities;
		if (!abilities['1'] && !abilities.H) member.ability = member.baseAbility = toID(abilities['0']);
	}
	if (slot) slot.species = permanent ? '' : facts.species;
}

function transform(knowledge, parts) {
	learnCause(knowledge, parts);
	const slot = knowledge.slot(parts[2]);
	const model = knowledge.slot(parts[3]);
	if (!slot || !model) return;
	const member = knowledge.member(parts[3]);
	slot.volatile.transform = knowledge.state.upkeeps;
	slot.boosts = { ...model.boosts };
	slot.types = model.types;
	slot.species = model.species || (member ? member.species : '');
	slot.copies = parts[3].slice(0, 3);
	slot.moves = member ? member.moves.map(move => ({ id: move.id, used: 0 })) : [];
}

function setItem(knowledge, parts) {
	const member = knowledge.member(parts[2]);
	if (member) member.item = toID(parts[3]);
	learnCause(knowledge, parts);
}

function endItem(knowledge, parts) {
	const member = knowledge.member(parts[2]);
	if (member) member.item = '';
}

function setAbility(knowledge, parts) {
	const member = knowledge.member(parts[2]);
	const from = tag(parts, 'from');
	if (member) learnAbility(member, toID(parts[3]), !from);
	if (member && !from) member.ability = toID(parts[3]);
	learnCause(knowledge, parts);
}

function terastallize(knowledge, parts) {
	const slot = knowledge.slot(parts[2]);
	const member = knowledge.member(parts[2]);
	if (member) Object.assign(member, { tera: parts[3], terastallized: true });
	if (slot) slot.types = null;
	knowledge.state.gimmick[parts[2].slice(0, 2)] = true;
}

/** Fills in the foe's open team sheet. Its order is that of the preview. */
function showTeam(knowledge, parts) {
	if (parts[2] !== knowledge.foe) return;
	const sets = Teams.unpack(parts.slice(3).join('|')) || [];
	const team = knowledge.state.team;
	sets.forEach((set, i) => {
		const member = team[i] ||= knowledge.newMember({});
		const ability = toID(set.ability);
		Object.assign(member, {
			species: knowledge.dex.species.get(set.species).name, origin: set.species, level: set.level || member.level, gender: set.gender === 'N' ? '' : set.gender || '',
			item: toID(set.item), ability, baseAbility: ability, tera: set.teraType || null, nature: set.nature || '',
			moves: set.moves.map(move => ({ id: toID(move), used: 0 })),
		});
	});
}

function addPreview(knowledge, parts) {
	if (parts[2] !== knowledge.foe) return;
	const facts = parseDetails(parts[3]);
	knowledge.state.team.push(knowledge.newMember({ species: facts.species, level: facts.level, gender: facts.gender }));
}

function nextTurn(knowledge, parts) {
	knowledge.state.turn = Number(parts[2]);
	for (const slot of Object.values(knowledge.state.slots)) {
		slot.protects = Object.keys(slot.single).some(id => PROTECTS.has(id)) ? slot.protects + 1 : 0;
		slot.single = {};
	}
}

function swapSlots(knowledge, parts) {
	const from = parts[2].slice(0, 3);
	const to = `${parts[2].slice(0, 2)}${'ab'[Number(parts[3])] || 'a'}`;
	const slots = knowledge.state.slots;
	[slots[from], slots[to]] = [slots[to], slots[from]];
}

function faint(knowledge, parts) {
	const slot = knowledge.slot(parts[2]);
	const member = knowledge.member(parts[2]);
	if (member) Object.assign(member, { percent: 0, status: '', fainted: true });
	if (slot) slot.fainted = true;
}

function damage(knowledge, parts) {
	setCondition(knowledge, parts[2], parts[3]);
	learnCause(knowledge, parts);
}

function setStatus(knowledge, parts) {
	const member = knowledge.member(parts[2]);
	if (member) member.status = parts[3];
	learnCause(knowledge, parts);
}

function cureStatus(knowledge, parts) {
	const member = knowledge.member(parts[2]);
	if (member) member.status = '';
}

function mega(knowledge, parts) {
	const member = knowledge.member(parts[2]);
	if (member && parts[4]) member.item = toID(parts[4]);
	knowledge.state.gimmick[parts[2].slice(0, 2)] = true;
}

const handlers = {
	'poke': addPreview,
	'showteam': showTeam,
	'teampreview': (k, parts) => Object.assign(k.state, { preview: true, pick: Number(parts[2]) || 0 }),
	'turn': nextTurn,
	'upkeep': k => { k.state.upkeeps++; },
	'switch': enter,
	'drag': enter,
	'replace': replace,
	'swap': swapSlots,
	'faint': faint,
	'move': useMove,
	'-damage': damage,
	'-heal': damage,
	'-sethp': damage,
	'-status': setStatus,
	'-curestatus': cureStatus,
	'-boost': (k, parts) => changeBoost(k, parts, 1),
	'-unboost': (k, parts) => changeBoost(k, parts, -1),
	'-setboost': (k, parts) => { const slot = k.slot(parts[2]); if (slot) slot.boosts[parts[3]] = Number(parts[4]); },
	'-swapboost': swapBoosts,
	'-invertboost': (k, parts) => { const slot = k.slot(parts[2]); if (slot) for (const stat in slot.boosts) slot.boosts[stat] = -slot.boosts[stat] || 0; },
	'-clearboost': (k, parts) => { const slot = k.slot(parts[2]); if (slot) clearBoosts(slot, () => false); },
	'-clearallboost': k => { for (const slot of Object.values(k.state.slots)) clearBoosts(slot, () => false); },
	'-clearpositiveboost': (k, parts) => { const slot = k.slot(parts[2]); if (slot) clearBoosts(slot, value => value < 0); },
	'-clearnegativeboost': (k, parts) => { const slot = k.slot(parts[2]); if (slot) clearBoosts(slot, value => value > 0); },
	'-copyboost': (k, parts) => { const [a, b] = [k.slot(parts[2]), k.slot(parts[3])]; if (a && b) a.boosts = { ...b.boosts }; },
	'-weather': setWeather,
	'-fieldstart': startField,
	'-fieldend': endField,
	'-sidestart': startSide,
	'-sideend': (k, parts) => { delete k.state.sides[parts[2].slice(0, 2)][effectId(parts[3])]; },
	'-swapsideconditions': k => { const sides = k.state.sides; [sides.p1, sides.p2] = [sides.p2, sides.p1]; },
	'-start': startVolatile,
	'-end': endVolatile,
	'-singleturn': singleTurn,
	'-singlemove': singleTurn,
	'-mustrecharge': (k, parts) => { const slot = k.slot(parts[2]); if (slot) slot.single.mustrecharge = 1; },
	'-activate': activate,
	'-immune': learnCause,
	'-fail': learnCause,
	'-block': learnCause,
	'cant': learnCause,
	'-item': setItem,
	'-enditem': endItem,
	'-ability': setAbility,
	'-transform': transform,
	'detailschange': (k, parts) => changeForm(k, parts, true),
	'-formechange': (k, parts) => changeForm(k, parts, false),
	'-mega': mega,
	'-primal': mega,
	'-terastallize': terastallize,
};

module.exports = { handlers };
