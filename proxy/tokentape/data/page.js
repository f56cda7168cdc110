// Shows a session while it runs. Everything is set as text: nothing that a cassette, a client or an
// upstream says is ever markup.
"use strict";

const PAUSE = 500; // milliseconds between two looks, and longer while nobody looks
const HIDDEN_PAUSE = 5000;
const MOST = 1000; // requests in the list

const byId = (id) => document.getElementById(id);
const requests = byId("requests");
const rows = new Map(); // by the number of a request
let run = "";
let place = 0;
let size = -1;

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children); // strings become text nodes
  return made;
}

function setText(id, text) {
  const target = byId(id);
  if (target.textContent !== text) target.textContent = text;
}

const plural = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

function requestLine(event) {
  return event.method ? [event.method, event.path, ...(event.fields ?? [])].join(" ") : "a request that was not read";
}

// Fields may occur more than once: each name has the list of its values.
function valuesByName(fields) {
  const values = new Map();
  for (const field of fields) {
    const at = field.indexOf("=");
    const name = at < 0 ? field : field.slice(0, at);
    values.set(name, [...(values.get(name) ?? []), at < 0 ? "" : field.slice(at + 1)]);
  }
  return values;
}

// One row a field; beside what was sent, what each of the closest interactions has.
function comparison(event) {
  const { near } = event.miss;
  const sent = valuesByName(event.fields ?? []);
  const names = new Set(sent.keys());
  const differences = near.map((one) => new Map(one.differences.map((each) => [each.field, each])));
  for (const each of differences) for (const name of each.keys()) names.add(name);
  const head = element("tr", {}, element("th", { scope: "col" }, "Field"), element("th", { scope: "col" }, "Sent"));
  for (const one of near) head.append(element("th", { scope: "col" }, `Interaction ${one.interaction}`));
  const body = element("tbody");
  const differs = (name) => differences.some((each) => each.has(name));
  for (const name of [...names].sort((a, b) => differs(b) - differs(a) || (a < b ? -1 : 1))) {
    const own = differences.map((each) => each.get(name)).find(Boolean);
    const value = sent.has(name) ? sent.get(name).join(", ") : (own?.sent ?? "not sent");
    const row = element("tr", {}, element("th", { scope: "row" }, name || "request"), element("td", {}, value || "blank"));
    for (const each of differences) {
      const difference = each.get(name);
      if (!difference) row.append(element("td", { class: "same" }, "the same"));
      else row.append(element("td", { class: "differs" }, `≠ ${difference.recorded ?? "not recorded"}`));
    }
    body.append(row);
  }
  const caption = element("caption", {}, "What was sent, beside the closest recorded requests");
  return element("table", {}, caption, element("thead", {}, head), body);
}

function details(event) {
  const inside = element("div", { class: "inside" });
  const paragraph = (text) => text && inside.append(element("p", {}, text));
  for (const reason of event.reasons ?? []) paragraph(reason);
  if (event.miss) {
    paragraph(event.miss.summary);
    if (event.miss.near.length) inside.append(comparison(event));
    for (const one of event.miss.near) if (one.hidden) paragraph(`Interaction ${one.interaction}: ${one.hidden}.`);
    for (const advice of event.miss.advice) paragraph(advice);
  } else {
    const table = element("tbody");
    for (const [name, values] of valuesByName(event.fields ?? []))
      for (const value of values) table.append(element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, value)));
    if (table.children.length) inside.append(element("table", {}, table));
  }
  if (event.interaction) paragraph(`Interaction ${event.interaction} of the cassette.`);
  if (event.retry) paragraph("A retry: it got the answer to an earlier request with its Idempotency-Key again.");
  if (event.further) paragraph("It began a further instance: other values for what had been replayed already.");
  return inside;
}

function requestRow(event) {
  const again = element("span", { class: "again" });
  const summary = element(
    "summary",
    {},
    element("span", { class: `result ${event.result}` }, `${event.status} ${event.result}`),
    element("span", { class: "time" }, `${(event.seconds * 1000).toFixed(1)} ms`),
    again,
    element("span", { class: "line" }, requestLine(event)),
  );
  const row = element("li", {}, element("details", {}, summary));
  const opened = () => {
    const inside = row.firstChild;
    if (inside.open && inside.children.length === 1) inside.append(details(event)); // made when it is wanted
  };
  row.firstChild.addEventListener("toggle", opened);
  row.dataset.result = event.result;
  row.dataset.text = requestLine(event).toLowerCase();
  rows.set(event.number, { row, again });
  row.dataset.number = event.number;
  return row;
}

function isShown(row) {
  const show = document.querySelector("input[name=show]:checked").value;
  const text = byId("text").value.trim().toLowerCase();
  return (show === "all" || row.dataset.result === show) && (row.dataset.text ?? "").includes(text);
}

function filter() {
  for (const row of requests.children) row.hidden = !isShown(row);
  const isEmpty = ![...requests.children].some((row) => !row.hidden);
  byId("empty").hidden = !isEmpty;
  setText("empty", requests.children.length ? "No request is like that." : "No request yet.");
}

function add(event) {
  const row = event.note === undefined ? requestRow(event) : element("li", { class: "note" }, event.note);
  requests.prepend(row);
  if (requests.children.length > MOST) {
    rows.delete(Number(requests.lastChild.dataset.number));
    requests.lastChild.remove();
  }
}

function begin(name) {
  run = name;
  place = 0;
  size = -1;
  rows.clear();
  requests.replaceChildren();
}

function showState(state) {
  document.title = `tokentape: ${state.mode} ${state.session}`;
  setText("session", `${state.mode} ${state.session}`);
  setText("state", "live");
  byId("state").className = "";
  const lines = state.receipt.map((line) => element("li", {}, line));
  if (byId("receipt").textContent !== state.receipt.join("")) byId("receipt").replaceChildren(...lines);
  setText("size", plural(state.interactions, "interaction"));
}

function showEvents(state) {
  if (state.run !== run) {
    begin(state.run);
    return true;
  }
  state.events.forEach(add);
  place = state.next;
  for (const [number, count] of Object.entries(state.repeats)) {
    const shown = rows.get(Number(number));
    if (shown) shown.again.textContent = `and ${count.toLocaleString("en")} more like this`;
  }
  if (state.events.length) filter();
  return state.next < state.last;
}

async function read(target) {
  const response = await fetch(target, { cache: "no-store" });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.json();
}

async function look() {
  let wait = document.hidden ? HIDDEN_PAUSE : PAUSE;
  try {
    const state = await read(`events?after=${place}`);
    showState(state);
    if (showEvents(state)) wait = 0;
    const receipt = state.receipt.join();
    if (byId("cassette").open && receipt !== size) {
      size = receipt;
      await showInteractions();
    }
  } catch {
    setText("state", "ended, or it does not answer: this page goes on when it does");
    byId("state").className = "ended";
    wait = Math.max(wait, 2 * PAUSE);
  }
  setTimeout(look, wait);
}

let interactions = [];
let next = 0;

// Reads again as many as are shown: which are used changes.
async function showInteractions(more = 0) {
  const wanted = Math.max(interactions.length, 1) + more;
  const read_ = [];
  let from = 1;
  do {
    const batch = await read(`interactions?from=${from}`);
    read_.push(...batch.interactions);
    from = batch.next;
  } while (from && read_.length < wanted);
  interactions = read_;
  next = from;
  drawInteractions();
}

function drawInteractions() {
  const shown = interactions.filter((one) => !one.used || !byId("unused").checked);
  byId("interactions").replaceChildren(
    ...shown.map((one) =>
      element(
        "tr",
        { class: one.used ? "used" : "unused" },
        element("td", {}, String(one.number)),
        element("td", {}, requestLine(one)),
        element("td", {}, String(one.status)),
        element("td", {}, one.used ? "used" : "unused"),
      ),
    ),
  );
  byId("more").hidden = !next;
}

byId("filters").addEventListener("submit", (event) => event.preventDefault());
byId("filters").addEventListener("input", filter);
byId("unused").addEventListener("input", drawInteractions);
byId("more").addEventListener("click", () => showInteractions(1));
byId("cassette").addEventListener("toggle", () => (size = -1));
document.addEventListener("visibilitychange", () => document.hidden || filter());
look();
