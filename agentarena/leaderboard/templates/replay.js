"use strict";
(function () {
  const box = document.getElementById("replay");
  if (!box) { return; }
  const matches = JSON.parse(document.getElementById("replay-data").textContent);
  const find = function (name) { return box.querySelector("[data-" + name + "]"); };
  const pick = find("pick"), viewer = find("viewer"), slider = find("slider"), where = find("where");
  const views = find("views"), log = find("log"), note = find("note"), play = find("play"), course = find("history");
  let match = matches[0], step = 0, timer = null, forward = false;

  // every word of agents, rules and records reaches the page through textContent alone
  function make(tag, className, text) {
    const node = document.createElement(tag);
    if (className) { node.className = className; }
    if (text !== undefined) { node.textContent = text; }
    return node;
  }
  function name(seat) {
    const s = match.seats[seat];
    return "seat " + seat + " · " + s.agent + (s.role ? " · " + s.role : "") + (s.team && s.team !== s.role ? " · " + s.team : "");
  }
  function seats() { return match.seats.map(function (_, seat) { return seat; }); }
  function watching() { return viewer.value === "all" ? seats() : [Number(viewer.value)]; }

  // --- words as pictures: playing cards, coloured cards, boards of single letters ---
  const SUITS = { S: ["♠", "black", "spades"], H: ["♥", "red", "hearts"], D: ["♦", "red", "diamonds"], C: ["♣", "black", "clubs"] };
  const CARD = /\b(10|[2-9TJQKA])([SHDC])\b|\b(red|yellow|green|white|blue) ([1-9])\b/g;
  function card(found) {
    if (found[3]) { return make("span", "tile " + found[3], found[0]); }
    const suit = SUITS[found[2]];
    const node = make("span", "card " + suit[1], found[1] + suit[0]);
    node.title = found[0] + ", " + suit[2];
    return node;
  }
  function rich(parent, text) {
    let end = 0;
    for (const found of text.matchAll(CARD)) {
      parent.append(text.slice(end, found.index), card(found));
      end = found.index + found[0].length;
    }
    parent.append(text.slice(end));
    return parent;
  }
  function cells(line) { return /^\S( \S){2,}$/.test(line) ? line.split(" ") : []; }
  function boardAt(lines, from) {
    const width = cells(lines[from]).length;
    let to = from;
    while (width && to < lines.length && cells(lines[to]).length === width) { to += 1; }
    return to - from > 1 ? to : from;
  }
  function board(lines) {
    const grid = make("div", "board");
    grid.setAttribute("role", "img");
    grid.setAttribute("aria-label", lines.join("; "));
    lines.forEach(function (line, index) {
      const labels = index === lines.length - 1 && /^0 1 2( \d)*$/.test(line);
      const row = make("div", labels ? "row labels" : "row");
      cells(line).forEach(function (mark) {
        const kind = { ".": " empty", X: " first", O: " second" }[mark] || "";
        row.append(make("span", "cell" + (labels ? "" : kind), mark === "." ? "" : mark));
      });
      grid.append(row);
    });
    return grid;
  }
  function picture(text) {
    const out = document.createDocumentFragment(), lines = text.split("\n");
    let words = [];
    const flush = function () { if (words.length) { out.append(rich(make("pre"), words.join("\n"))); words = []; } };
    for (let at = 0; at < lines.length;) {
      const to = boardAt(lines, at);
      if (to > at) { flush(); out.append(board(lines.slice(at, to))); at = to; } else { words.push(lines[at]); at += 1; }
    }
    flush();
    return out;
  }

  // --- screens: blocks of words, buttons, lists and maps ---
  function entry(item, tag, className) {
    const node = make(tag, className + (item.on ? " on" : "") + (item.mark ? " " + item.mark.replace(/[^a-z]/g, "-") : ""));
    node.append(make("span", "words", item.text));
    if (item.mark) { node.append(make("span", "mark", item.mark)); }
    if (item.detail) { node.append(make("span", "detail", item.detail)); }
    return node;
  }
  function path(seat, at, item) {
    const steps = match.frames.slice(0, step + 1).filter(function (past) {
      return past.screens[seat].some(function (block) { return block.kind === "map" && block.items[at] && block.items[at].on; });
    }).map(function (past) { return past.step; });
    return { ...item, detail: [item.detail, steps.length ? "here at " + steps.slice(-8).join(", ") : ""].filter(Boolean).join(" · ") };
  }
  function screen(seat, blocks) {
    const out = make("div", "screen");
    blocks.forEach(function (block, index) {
      if (block.kind === "picture") { out.append(sheet(seat, block, index)); return; }
      if (block.kind === "chart") { out.append(chart(seat, block, index)); return; }
      const box = make("div", "block " + block.kind);
      if (block.title) { box.append(make("h4", "", block.title)); }
      block.items.forEach(function (item, at) {
        if (block.kind === "text") { box.append(make("p", "", item.text)); return; }
        box.append(entry(block.kind === "map" ? path(seat, at, item) : item, "div", "item"));
      });
      out.append(box);
    });
    return out;
  }

  // --- pictures and charts: marks as SVG, with the ways that they went in earlier steps ---
  const STILL = matchMedia("(prefers-reduced-motion: reduce)");
  function draws(tag, attributes, text) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    Object.keys(attributes).forEach(function (key) { node.setAttribute(key, attributes[key]); });
    if (text !== undefined) { node.textContent = text; }
    return node;
  }
  function earlier(seat, index) {
    return match.frames.slice(0, step + 1).map(function (past) { return past.screens[seat][index] || { items: [], marks: [] }; });
  }
  function pointsOf(list) { return list.map(function (point) { return point.join(","); }).join(" "); }
  const SHAPES = {
    line: function (mark, x, y) {
      const moved = mark.points.map(function (p) { return [p[0] - mark.points[0][0] + x, p[1] - mark.points[0][1] + y]; });
      return draws("polyline", { points: pointsOf(moved), "stroke-width": mark.size, "stroke-linecap": mark.dash ? "butt" : "round" });
    },
    box: function (mark, x, y) {
      const to = mark.points[1];
      return draws("rect", { x: x, y: y, width: to[0] - mark.points[0][0], height: to[1] - mark.points[0][1] });
    },
    disc: function (mark, x, y) { return draws("circle", { cx: x, cy: y, r: mark.size, "stroke-width": mark.shape === "ring" ? 2 : 1 }); },
    square: function (mark, x, y) {
      const half = mark.size * 0.9;
      return draws("rect", { x: x - half, y: y - half, width: 2 * half, height: 2 * half, rx: 2.5 });
    },
    diamond: function (mark, x, y) {
      const r = mark.size;
      return draws("polygon", { points: pointsOf([[x, y - r], [x + r, y], [x, y + r], [x - r, y]]) });
    },
    cross: function (mark, x, y) {
      const r = mark.size, d = "M" + (x - r) + " " + (y - r) + "l" + 2 * r + " " + 2 * r + "m" + -2 * r + " 0l" + 2 * r + " " + -2 * r;
      return draws("path", { d: d, "stroke-width": 3, "stroke-linecap": "round" });
    },
    words: function (mark, x, y) { return draws("text", { x: x, y: y, "font-size": mark.size }, mark.words); },
  };
  SHAPES.ring = SHAPES.disc;
  function element(mark) {
    const x = mark.points[0][0], y = mark.points[0][1], node = draws("g", "strength" in mark ? { opacity: mark.strength } : {});
    if (mark.title) { node.append(draws("title", {}, mark.title)); }
    const drawn = SHAPES[mark.shape](mark, x, y);
    drawn.setAttribute("class", mark.shape + " " + mark.tone);
    if (mark.dash) { drawn.setAttribute("stroke-dasharray", mark.dash.join(" ")); }
    node.append(drawn);
    if (mark.words && mark.shape !== "words") {
      const narrow = mark.words.length > 2 ? { textLength: 1.55 * mark.size, lengthAdjust: "spacingAndGlyphs" } : {};
      node.append(draws("text", Object.assign({ class: "letters", x: x, y: y + 3.8 }, narrow), mark.words));
    }
    return node;
  }
  function tracked(block, track) { return block && (block.marks || []).find(function (mark) { return mark.track === track; }); }
  function trail(past, mark) {
    const group = draws("g", {});
    for (let at = 1; at < past.length; at += 1) {
      const before = tracked(past[at - 1], mark.track), now = tracked(past[at], mark.track);
      if (before && now && (mark.shape === "disc" || mark.shape === "square")) {
        const a = before.points[0], b = now.points[0], strength = Math.max(0.25, 0.85 * Math.pow(0.78, past.length - 1 - at));
        group.append(draws("line", { class: mark.tone, x1: a[0], y1: a[1], x2: b[0], y2: b[1], "stroke-width": 2.5, "stroke-linecap": "round", opacity: strength.toFixed(2) }));
      }
    }
    return group;
  }
  function sheet(seat, block, index) {
    const svg = draws("svg", { class: "picture", "font-size": 11, viewBox: "0 0 " + block.size.join(" "), role: "img", "aria-label": block.title || "picture" });
    const past = earlier(seat, index), moving = block.marks.filter(function (mark) { return mark.track; });
    block.marks.forEach(function (mark) { if (!mark.track) { svg.append(element(mark)); } });
    moving.forEach(function (mark) { svg.append(trail(past, mark)); });
    moving.forEach(function (mark) {
      const node = element(mark), before = tracked(past[past.length - 2], mark.track);
      if (forward && before && !STILL.matches) {
        const shift = "translate(" + (before.points[0][0] - mark.points[0][0]) + "px," + (before.points[0][1] - mark.points[0][1]) + "px)";
        node.animate([{ transform: shift }, { transform: "none" }], { duration: 600, easing: "linear" });
      }
      svg.append(node);
    });
    return svg;
  }
  function chart(seat, block, index) {
    const wide = 300, tall = 90, left = 24, top = 8, last = Math.max(1, match.frames.length - 1), past = earlier(seat, index);
    const words = block.items.map(function (item) { return item.text + " " + item.detail; }).join(", ");
    const box = make("div", "block chart"), svg = draws("svg", { class: "picture", "font-size": 11, viewBox: "0 0 " + (wide + left + 6) + " " + (tall + 14), role: "img", "aria-label": (block.title || "values") + ": " + words });
    [[0, "0"], [0.5, "½"], [1, "1"]].forEach(function (mark) {
      const y = top + tall * (1 - mark[0]);
      svg.append(draws("line", { class: "rule", x1: left, x2: left + wide, y1: y, y2: y }), draws("text", { class: "soft end plain", x: left - 5, y: y + 4 }, mark[1]));
    });
    const legend = make("div", "legend");
    block.items.forEach(function (item, at) {
      const points = [];
      past.forEach(function (each, when) { if (each.items[at]) { points.push([left + wide * when / last, top + tall * (1 - Number(each.items[at].detail))]); } });
      const tone = "series-" + (at % 4), end = points[points.length - 1];
      svg.append(draws("polyline", { class: "line " + tone, points: pointsOf(points), "stroke-width": Math.max(1.5, 4.5 - 1.5 * at) }), draws("circle", { class: tone, cx: end[0], cy: end[1], r: 3 }));
      legend.append(make("span", tone, item.text + " " + item.detail));
    });
    if (block.title) { box.append(make("h4", "", block.title)); }
    box.append(svg, legend);
    return box;
  }

  // --- the frame ---
  function fillViewers() {
    const before = viewer.value;
    viewer.replaceChildren(new Option("referee: everything", "all"));
    seats().forEach(function (seat) { viewer.add(new Option(name(seat), String(seat))); });
    if (before !== "all" && Number(before) < match.seats.length && before !== "") { viewer.value = before; }
  }
  function list(title, items) {
    if (!items.length) { return; }
    log.append(make("h3", "", title));
    const ul = make("ul");
    items.forEach(function (item) { ul.append(item); });
    log.append(ul);
  }
  function line(text, who, audience) {
    const li = make("li", audience ? "private" : "");
    const speech = /^([^"]{1,120}): "([\s\S]*)"$/.exec(text);
    if (audience) { li.append(make("span", "audience", audience)); }
    if (who) { li.append(make("span", "who", who + " ")); }
    if (speech) {
      li.append(make("span", "", speech[1] + ":"), rich(make("q", "speech"), speech[2]));
    } else {
      rich(li, text);
    }
    return li;
  }
  function drawViews(frame) {
    views.replaceChildren();
    watching().forEach(function (seat) {
      const view = make("div", "view" + (frame.to_move.includes(seat) ? " to-move" : ""));
      const head = make("h3", "", name(seat) + (frame.to_move.includes(seat) ? " · to move" : ""));
      head.append(make("span", "", String(Math.round(frame.returns[seat] * 1000) / 1000)));
      view.append(head, frame.screens ? screen(seat, frame.screens[seat]) : picture(frame.views[seat]));
      views.append(view);
    });
  }
  function heardBy(frame, shown) {
    const hearers = new Map();
    shown.forEach(function (seat) {
      (frame.private[seat] || []).forEach(function (text) { hearers.set(text, (hearers.get(text) || []).concat(seat)); });
    });
    return Array.from(hearers, function (entry) {
      const to = entry[1].length === 1 ? "seat " + entry[1][0] : "seats " + entry[1].join(", ");
      return line(entry[0], "", viewer.value === "all" ? "to " + to + " alone" : "private");
    });
  }
  function words(seat, attempt) {
    const details = make("details"), spoken = attempt.outcome === "read";
    details.open = !spoken;
    details.append(make("summary", "", name(seat) + (spoken ? "" : " · " + attempt.outcome)), make("pre", "", attempt.text || "(no words)"));
    if (attempt.reason) { details.append(make("p", "", attempt.reason)); }
    if (attempt.thinking) {
      const thoughts = make("details", "think");
      thoughts.append(make("summary", "", "Private thoughts"), make("pre", "", attempt.thinking));
      details.append(thoughts);
    }
    return details;
  }
  function drawLog(frame) {
    log.replaceChildren();
    const shown = watching();
    const mine = function (seat) { return shown.includes(Number(seat)); };
    list("Moves", Object.keys(frame.moves).filter(mine).map(function (seat) { return line(frame.moves[seat], name(Number(seat)) + ":"); }));
    const news = function (past) { return past.public.map(function (text) { return line(text); }).concat(heardBy(past, shown)); };
    list("What became known", news(frame));
    const replies = Object.keys(frame.replies).filter(mine);
    if (replies.length) { log.append(make("h3", "", "In the agent's words")); }
    replies.forEach(function (seat) {
      frame.replies[seat].forEach(function (attempt) { log.append(words(Number(seat), attempt)); });
    });
    if (!log.children.length) { log.append(make("h3", "", step ? "Nothing was shown to this seat" : "The start")); }
    if (course.checked) { match.frames.slice(0, step).reverse().forEach(function (past) { list("Step " + past.step, news(past)); }); }
  }
  function draw() {
    const frame = match.frames[step], last = match.frames.length - 1;
    slider.max = String(last);
    slider.value = String(step);
    slider.setAttribute("aria-valuetext", "step " + frame.step);
    where.textContent = "step " + frame.step + " of " + match.frames[last].step;
    find("first").disabled = find("back").disabled = step === 0;
    find("next").disabled = find("last").disabled = step === last;
    drawViews(frame);
    drawLog(frame);
    note.textContent = frame.note + (match.cut && step === last ? " (steps left out before this one)" : "");
  }

  // --- controls ---
  function go(to) {
    const before = step;
    step = Math.max(0, Math.min(match.frames.length - 1, to));
    forward = step === before + 1;
    draw();
    forward = false;
  }
  function stop() { if (timer) { clearInterval(timer); timer = null; } play.textContent = "Play"; play.setAttribute("aria-pressed", "false"); }
  function toggle() {
    if (timer) { stop(); return; }
    if (step === match.frames.length - 1) { go(0); }
    play.textContent = "Pause"; play.setAttribute("aria-pressed", "true");
    timer = setInterval(function () { if (step === match.frames.length - 1) { stop(); } else { go(step + 1); } }, 900);
  }
  function press(event) {
    if (event.target.closest("select, textarea, input:not([type=checkbox])") || event.altKey || event.ctrlKey || event.metaKey) { return; }
    const moves = { ArrowLeft: step - 1, ArrowRight: step + 1, Home: 0, End: match.frames.length };
    if (event.key in moves) { event.preventDefault(); stop(); go(moves[event.key]); }
    if (event.key === "p" || event.key === "P") { event.preventDefault(); toggle(); }
  }
  matches.forEach(function (m, index) {
    const names = Array.from(new Set(m.seats.map(function (s) { return s.agent; }))).join(", ");
    pick.add(new Option("match " + m.match + " · " + m.outcome + " · " + m.frames[m.frames.length - 1].step + " steps · " + names, String(index)));
  });
  pick.parentElement.hidden = matches.length < 2;
  pick.addEventListener("change", function () { stop(); match = matches[Number(pick.value)]; step = 0; fillViewers(); draw(); });
  viewer.addEventListener("change", draw);
  course.addEventListener("change", draw);
  slider.addEventListener("input", function () { stop(); go(Number(slider.value)); });
  find("first").addEventListener("click", function () { stop(); go(0); });
  find("back").addEventListener("click", function () { stop(); go(step - 1); });
  find("next").addEventListener("click", function () { stop(); go(step + 1); });
  find("last").addEventListener("click", function () { stop(); go(match.frames.length); });
  play.addEventListener("click", toggle);
  ("wholePage" in box.dataset ? document : box).addEventListener("keydown", press);
  fillViewers();
  draw();
})();
