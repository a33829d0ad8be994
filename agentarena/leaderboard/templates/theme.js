"use strict";
(function () {
  const root = document.documentElement;
  const remembered = function () { try { return localStorage.getItem("theme"); } catch { return null; } };
  if (["light", "dark"].includes(remembered())) { root.dataset.theme = remembered(); }
  const wire = function () {
    const toggle = document.getElementById("theme");
    toggle.hidden = false;
    toggle.addEventListener("click", function () {
      const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = dark ? "light" : "dark";
      try { localStorage.setItem("theme", root.dataset.theme); } catch { /* no storage: the choice lasts as long as the page */ }
    });
  };
  if (document.readyState === "loading") { document.addEventListener("DOMContentLoaded", wire); } else { wire(); }
})();
