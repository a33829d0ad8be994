'use strict';
/**
 * The one error type that the worker answers on purpose.
 *
 * Anything else that is thrown comes from the simulator (or from a bug of ours) and is answered as "crashed".
 */

/** Kinds of errors that a reply may carry. */
const KINDS = Object.freeze([
	'unknown_battle', 'bad_command', 'bad_team', 'bad_format', 'bad_choice', 'bad_snapshot', 'crashed',
]);

/** Longest text of the caller that an error repeats, in characters. */
const LONGEST_QUOTE = 120;

class Failure extends Error {
	/**
	 * @param {string} kind One of KINDS.
	 * @param {string} message What is wrong, what was received, what is allowed.
	 */
	constructor(kind, message) {
		super(message);
		this.kind = kind;
	}
}

/** A short, printable form of any value, for error messages. */
function quote(value) {
	let text;
	try {
		text = JSON.stringify(value);
	} catch {
		text = String(value);
	}
	if (text === undefined) text = String(value);
	return text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}... (${text.length} characters)` : text;
}

module.exports = { Failure, KINDS, quote };
