// Tic-tac-toe by two rules, win where you can, else block; the first legal action in other games. Needs no packages.
"use strict";
const readline = require("node:readline");

const LINES = [[0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 3, 6], [1, 4, 7], [2, 5, 8], [0, 4, 8], [2, 4, 6]];
const BEST_FIRST = [4, 0, 2, 6, 8, 1, 3, 5, 7];

function choose(question) {
  const legal = new Set(question.actions);
  const marked = (plane) => (cell) => question.observation[Math.floor(cell / 3)][cell % 3][plane] === 1;
  for (const plane of [0, 1]) {
    for (const line of LINES) {
      const free = line.filter((cell) => legal.has(cell));
      if (free.length === 1 && line.filter(marked(plane)).length === 2) return free[0];
    }
  }
  return BEST_FIRST.find((cell) => legal.has(cell));
}

let start = null;

function answer(message) {
  if (message.type === "start") {
    start = message;
    return { type: "ready" };
  }
  if (!message.actions) return { id: message.id, error: `${start.environment} lists no actions` };
  const ticTacToe = start.environment.startsWith("TicTacToe");
  return { id: message.id, action: ticTacToe ? choose(message) : message.actions[0] };
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  process.stdout.write(JSON.stringify(answer(JSON.parse(line))) + "\n");
});
