'use strict';
/** How long field and side effects last. */

/** [usual turns, turns with the item that prolongs it]. Effects not listed last until they are removed. */
const DURATIONS = {
	sunnyday: [5, 8], raindance: [5, 8], sandstorm: [5, 8], snowscape: [5, 8], snow: [5, 8], hail: [5, 8],
	electricterrain: [5, 8], grassyterrain: [5, 8], mistyterrain: [5, 8], psychicterrain: [5, 8],
	reflect: [5, 8], lightscreen: [5, 8], auroraveil: [5, 8], tailwind: [4, 4], safeguard: [5, 5], mist: [5, 5], luckychant: [5, 5],
	trickroom: [5, 5], gravity: [5, 5], magicroom: [5, 5], wonderroom: [5, 5], mudsport: [5, 5], watersport: [5, 5], fairylock: [2, 2],
};

/**
 * Turns that an effect still lasts after some ends of turns: of its usual duration, then of its prolonged one.
 *
 * @returns {number|null} Null where it lasts until it is removed.
 */
function turnsLeft(id, elapsed) {
	const known = DURATIONS[id];
	if (!known) return null;
	const [usual, prolonged] = known;
	return elapsed < usual ? usual - elapsed : Math.max(1, prolonged - elapsed);
}

module.exports = { turnsLeft };
