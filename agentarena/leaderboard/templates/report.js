"use strict";
(function () {
  const root = document.documentElement;
  const toggle = document.getElementById("theme");
  toggle.hidden = false;
  toggle.addEventListener("click", function () {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });

  const box = document.getElementById("replay");
  if (!box) { return; }
  const matches = JSON.parse(document.getElementById("replay-data").textContent);
  const find = function (name) { return box.querySelector("[data-" + name + "]"); };
  const pick = find("pick"), viewer = find("viewer"), slider = find("slider"), where = find("where");
  const views = find("views"), log = find("log"), note = find("note"), play = find("play");
  let match = matches[0], step = 0, timer = null;

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

  function fillEyes() {
    const before = viewer.value;
    viewer.replaceChildren(new Option("referee: everything", "all"));
    seats().forEach(function (seat) { viewer.add(new Option(name(seat), String(seat))); });
    if (before !== "all" && Number(before) < match.seats.length && before !== "") { viewer.value = before; }
  }
  function list(title, items) {
    if (!items.length) { return; }
    log.append(make("h4", "", title));
    const ul = make("ul");
    items.forEach(function (item) { ul.append(item); });
    log.append(ul);
  }
  function line(text, who, secret) {
    const li = make("li", secret ? "private" : "");
    if (who) { li.append(make("span", "who", who + " ")); }
    li.append(document.createTextNode(text));
    return li;
  }
  function drawViews(frame) {
    views.replaceChildren();
    watching().forEach(function (seat) {
      const view = make("div", "view" + (frame.to_move.includes(seat) ? " to-move" : ""));
      const head = make("h4", "", name(seat) + (frame.to_move.includes(seat) ? " · to move" : ""));
      head.append(make("span", "", String(Math.round(frame.returns[seat] * 1000) / 1000)));
      view.append(head, make("pre", "", frame.views[seat]));
      views.append(view);
    });
  }
  function drawLog(frame) {
    log.replaceChildren();
    const shown = watching();
    const moves = Object.keys(frame.moves).filter(function (seat) { return shown.includes(Number(seat)); });
    list("Moves", moves.map(function (seat) { return line(frame.moves[seat], name(Number(seat)) + ":"); }));
    const news = frame.public.map(function (text) { return line(text); });
    shown.forEach(function (seat) {
      (frame.private[seat] || []).forEach(function (text) { news.push(line(text, viewer.value === "all" ? "to seat " + seat + ":" : "", true)); });
    });
    list("What became known", news);
    const replies = Object.keys(frame.replies).filter(function (seat) { return shown.includes(Number(seat)); });
    if (replies.length) { log.append(make("h4", "", "In the agent's words")); }
    replies.forEach(function (seat) {
      frame.replies[seat].forEach(function (attempt) {
        const details = make("details");
        details.open = attempt.outcome !== "read";
        details.append(make("summary", "", name(Number(seat)) + (attempt.outcome === "read" ? "" : " · " + attempt.outcome)));
        details.append(make("pre", "", attempt.text));
        if (attempt.thinking) { details.append(make("pre", "think", attempt.thinking)); }
        if (attempt.reason) { details.append(make("p", "", attempt.reason)); }
        log.append(details);
      });
    });
    if (!log.children.length) { log.append(make("h4", "", step ? "Nothing was shown to this seat" : "The start")); }
  }
  function draw() {
    const frame = match.frames[step];
    slider.max = String(match.frames.length - 1);
    slider.value = String(step);
    slider.setAttribute("aria-valuetext", "step " + frame.step);
    where.textContent = "step " + frame.step + " of " + match.frames[match.frames.length - 1].step;
    find("first").disabled = find("back").disabled = step === 0;
    find("next").disabled = find("last").disabled = step === match.frames.length - 1;
    drawViews(frame);
    drawLog(frame);
    note.textContent = frame.note + (match.cut && step === match.frames.length - 1 ? " (steps left out before this one)" : "");
  }
  function go(to) { step = Math.max(0, Math.min(match.frames.length - 1, to)); draw(); }
  function stop() { if (timer) { clearInterval(timer); timer = null; } play.textContent = "Play"; play.setAttribute("aria-pressed", "false"); }

  matches.forEach(function (m, index) {
    const names = Array.from(new Set(m.seats.map(function (s) { return s.agent; }))).join(", ");
    pick.add(new Option("match " + m.match + " · " + m.outcome + " · " + m.frames[m.frames.length - 1].step + " steps · " + names, String(index)));
  });
  pick.addEventListener("change", function () { stop(); match = matches[Number(pick.value)]; step = 0; fillEyes(); draw(); });
  viewer.addEventListener("change", draw);
  slider.addEventListener("input", function () { stop(); go(Number(slider.value)); });
  find("first").addEventListener("click", function () { stop(); go(0); });
  find("back").addEventListener("click", function () { stop(); go(step - 1); });
  find("next").addEventListener("click", function () { stop(); go(step + 1); });
  find("last").addEventListener("click", function () { stop(); go(match.frames.length); });
  play.addEventListener("click", function () {
    if (timer) { stop(); return; }
    if (step === match.frames.length - 1) { go(0); }
    play.textContent = "Pause"; play.setAttribute("aria-pressed", "true");
    timer = setInterval(function () { if (step === match.frames.length - 1) { stop(); } else { go(step + 1); } }, 900);
  });
  box.addEventListener("keydown", function (event) {
    if (event.target instanceof HTMLSelectElement || event.target === slider || event.altKey || event.ctrlKey || event.metaKey) { return; }
    const moves = { ArrowLeft: step - 1, ArrowRight: step + 1, Home: 0, End: match.frames.length };
    if (event.key in moves) { event.preventDefault(); stop(); go(moves[event.key]); }
  });
  fillEyes();
  draw();
})();
