
"use strict";
const find = (id) => document.getElementById(id);
const tools = find("tools"), query = find("q"), show = find("show"), shown = find("shown"), open = find("open");
const lines = Array.from(document.querySelectorAll(".packages > li"));
const groups = document.querySelectorAll(".packages");
const texts = lines.map((line) => line.textContent.toLowerCase());
const filter = () => {
  const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
  let number = 0;
  lines.forEach((line, at) => {
    const is = (!show.value || line.classList.contains(show.value)) && words.every((word) => texts[at].includes(word));
    line.hidden = !is;
    number += is ? 1 : 0;
  });
  groups.forEach((group) => { group.hidden = !group.querySelector("li:not([hidden])"); });
  find("packages").classList.toggle("few", number < 200);
  shown.textContent = number === lines.length ? "" : number + " of " + lines.length;
};
const reveal = () => {
  const target = location.hash.startsWith("#p") && find(location.hash.slice(1));
  const details = target && target.querySelector("details");
  if (details) { target.parentElement.hidden = target.hidden = false; details.open = true; target.scrollIntoView(); }
};
query.addEventListener("input", filter);
show.addEventListener("change", filter);
tools.addEventListener("submit", (event) => event.preventDefault());
open.addEventListener("click", () => {
  const all = open.textContent === "Open all";
  lines.forEach((line) => { if (!line.hidden) line.firstElementChild.open = all; });
  open.textContent = all ? "Close all" : "Open all";
});
addEventListener("hashchange", reveal);
tools.hidden = lines.length < 2;
filter();
reveal();
