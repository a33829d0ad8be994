#!/usr/bin/env node
'use strict';
/**
 * Runs battles of the pinned simulator for a program at the other end of a pipe.
 *
 *     AGENTARENA_SHOWDOWN=<folder with dist/> node worker.js [--patch] [--layout]
 *
 * One line of JSON in: {"id": 7, "commands": [...]}; one line out: {"id": 7, "replies": [...]} in the same order. A line
 * that cannot be read is answered with {"id": null, "error": {...}}. stderr is for people. The worker ends when its input
 * ends. `--layout` prints engine/layout.json and ends; `--patch` speeds the simulator up (patch.js).
 */
const { claimStdout } = require('./showdown');

/** Longest line that is read, in bytes. */
const LONGEST_LINE = 64 * 1024 * 1024;
const MOST_COMMANDS = 65536;
const NEWLINE = 10;

/** Cuts a stream into lines. A line that is too long is dropped up to its end and reported once. */
class LineReader {
	constructor(onLine, onTooLong) {
		this.onLine = onLine;
		this.onTooLong = onTooLong;
		this.parts = [];
		this.size = 0;
		this.skipping = false;
	}

	push(chunk) {
		let start = 0;
		for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
			this.add(chunk.subarray(start, end));
			this.finish();
			start = end + 1;
		}
		this.add(chunk.subarray(start));
	}

	add(part) {
		this.size += part.length;
		if (this.size > LONGEST_LINE) {
			this.parts = [];
			this.skipping = true;
		} else if (part.length) {
			this.parts.push(part);
		}
	}

	finish() {
		const { parts, skipping } = this;
		this.parts = [];
		this.size = 0;
		this.skipping = false;
		if (skipping) this.onTooLong();
		else this.onLine(Buffer.concat(parts).toString('utf8'));
	}
}

function readBatch(line) {
	const batch = JSON.parse(line);
	if (!batch || typeof batch !== 'object' || !Array.isArray(batch.commands)) throw new Error('a line is {"id": ..., "commands": [...]}');
	if (batch.commands.length > MOST_COMMANDS) throw new Error(`at most ${MOST_COMMANDS} commands a line, got ${batch.commands.length}`);
	return batch;
}

/** The reply to one line. */
function answer(commands, line) {
	let batch;
	try {
		batch = readBatch(line);
	} catch (error) {
		return { id: null, error: { kind: 'bad_command', message: `this line cannot be read: ${error.message}` } };
	}
	return { id: batch.id ?? null, replies: batch.commands.map(command => commands.run(command)) };
}

function serve(writeReply) {
	const { Commands } = require('./commands');
	const commands = new Commands();
	const send = reply => writeReply(`${JSON.stringify(reply)}\n`);
	const reader = new LineReader(
		line => { if (line.trim()) send(answer(commands, line)); },
		() => send({ id: null, error: { kind: 'bad_command', message: `a line has at most ${LONGEST_LINE} bytes` } }),
	);
	process.stdin.on('data', chunk => reader.push(chunk));
	process.stdin.on('end', () => process.exit(0));
}

function main(options) {
	const writeReply = claimStdout();
	if (options.includes('--patch')) require('./patch').applyPatch();
	if (options.includes('--layout')) writeReply(require('./layout').layoutJson());
	else serve(writeReply);
}

main(process.argv.slice(2));
