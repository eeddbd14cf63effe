// Keeps the page as it is now: the server sends the parts that have changed, as HTML, by id.
// Without this file everything is there too, as it was when the page was loaded.
"use strict";

const link = document.getElementById("link");
const cards = document.getElementById("cards");
const said = document.getElementById("said");

// --- parts

// What somebody has typed, opened or scrolled to in an element, so that a newer one can take its place unseen.
function stateOf(element) {
  const focused = element.contains(document.activeElement) ? document.activeElement : null;
  const fields = [...element.querySelectorAll("input[id], select[id]")];
  return {
    open: [...element.querySelectorAll("details[open][id]")].map((each) => each.id),
    values: fields.map((each) => [each.id, each.value]),
    scrolled: [...element.querySelectorAll(".frame")].map((each) => each.scrollLeft),
    // What has no id is the frame of a table, or a link: it is found again by its place.
    place: focused && [...element.querySelectorAll(FOCUSABLE)].indexOf(focused),
    focused: focused && focused.id,
    selection: focused && "selectionStart" in focused ? [focused.selectionStart, focused.selectionEnd] : null,
  };
}

const FOCUSABLE = "a, button, input, select, summary, .frame";

function restore(element, state) {
  for (const id of state.open) within(element, id)?.setAttribute("open", "");
  for (const [id, value] of state.values) {
    const field = within(element, id);
    if (field) field.value = value;
  }
  element.querySelectorAll(".frame").forEach((each, index) => { each.scrollLeft = state.scrolled[index] ?? 0; });
  if (state.place === null) return;
  const focused = state.focused
    ? within(element, state.focused)
    : element.querySelectorAll(FOCUSABLE)[state.place];
  focused?.focus({ preventScroll: true });
  if (focused && state.selection?.[0] != null) focused.setSelectionRange(...state.selection);
}

// Ids come from the server and hold letters, digits and dashes only; a selector need not quote them.
function within(element, id) {
  return element.querySelector(`#${id}`);
}

function replace(id, html) {
  const before = document.getElementById(id);
  if (html === null) return before?.remove();
  const template = document.createElement("template");
  template.innerHTML = html;
  const after = template.content.firstElementChild;
  if (!before) return cards.append(after); // a PBX that was not there before
  const state = stateOf(before);
  before.replaceWith(after);
  restore(after, state);
}

// A table is a stop for the keyboard only if there is something to scroll. Without this, each is one.
function reach() {
  for (const frame of document.querySelectorAll(".frame")) {
    frame.tabIndex = frame.scrollWidth > frame.clientWidth ? 0 : -1;
  }
}

addEventListener("resize", reach);
addEventListener("toggle", reach, true); // what was folded has no width
reach();

// --- the stream

// The browser connects again by itself; after an answer that is no stream it gives up, so we do it.
const AGAIN = 5000;

// Nothing for so long, although the server says something every ten seconds: the machine has slept, or the
// network has lost us without a word.
const SILENCE = 30000;

let stream;
let watchdog;

function heard() {
  clearTimeout(watchdog);
  watchdog = setTimeout(() => { lost(); stream.close(); listen(); }, SILENCE);
}

function lost() {
  document.body.classList.add("lost");
  link.textContent = `Not connected: this is how it was at ${link.dataset.asof ?? "the time it was loaded"}.`;
}

function listen() {
  stream = new EventSource(`/events${location.search}`);
  stream.addEventListener("parts", (event) => {
    const { title, asof, parts } = JSON.parse(event.data);
    heard();
    document.title = title;
    for (const [id, html] of Object.entries(parts)) replace(id, html);
    reach();
    link.dataset.asof = asof;
    if (document.body.classList.contains("lost") || !document.body.classList.contains("live")) {
      document.body.classList.remove("lost");
      document.body.classList.add("live");
      link.textContent = "Live"; // said once, and not at every change: it is read aloud
    }
  });
  stream.addEventListener("error", () => {
    lost();
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, AGAIN);
  });
  heard();
}

listen();

// --- requests

// An answer stays in sight, wherever one has scrolled to, for as long as it takes to read it.
const READING = 20000;

let reading;

function say(words) {
  clearTimeout(reading);
  said.textContent = words;
  reading = setTimeout(() => { said.textContent = ""; }, READING);
}

// A form is sent without leaving the page; the answer is a sentence, and what has changed comes by the stream.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  event.preventDefault();
  const button = event.submitter;
  if (button) button.disabled = true;
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      headers: { Accept: "text/plain" },
      body: new URLSearchParams(new FormData(form)),
    });
    say(await answer.text());
    form.closest("details")?.removeAttribute("open");
  } catch {
    say("The bridge did not answer: nothing is known of what came of it.");
  }
  if (button) button.disabled = false;
});
