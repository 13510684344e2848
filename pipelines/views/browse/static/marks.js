// Marks without leaving the page, one sound at a time, the keys j, k (next, previous row), space, g, b, and a search
// that goes on by itself until it finds something; the back button, or another address, ends it.
"use strict";

const status = document.getElementById("status");

async function send(form, button) {
  const body = new URLSearchParams(new FormData(form));
  body.set("mark", button.value);
  const answer = await fetch(form.action, {
    method: "POST", body, headers: { accept: "application/json" }, credentials: "same-origin",
  });
  if (!answer.ok) throw new Error("The mark was not kept (" + answer.status + ").");
  const mark = await answer.json();
  form.dataset.mark = mark.mark;
  for (const other of form.querySelectorAll("button[aria-pressed]")) {
    other.setAttribute("aria-pressed", String(other.value === mark.mark));
  }
  if (mark.mark === "none") form.elements.note.value = "";
  status.textContent = mark.mark === "none" ? "Mark taken back." : "Marked " + mark.mark + ".";
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches(".marker")) return;
  event.preventDefault();
  const pressed = form.querySelector('button[aria-pressed="true"]');
  const button = event.submitter && event.submitter.value ? event.submitter : pressed;
  if (button) send(form, button).catch((error) => { status.textContent = error.message; });
});

document.addEventListener("keydown", (event) => {
  // Enter in a note keeps the mark there is; without one there is nothing to keep yet.
  if (event.key !== "Enter" || !event.target.matches(".marker input[name=note]")) return;
  event.preventDefault();
  const form = event.target.form;
  const pressed = form.querySelector('button[aria-pressed="true"]');
  if (pressed) form.requestSubmit(pressed);
  else status.textContent = "Choose good or bad; the note goes with it.";
});

document.addEventListener("play", (event) => {
  for (const other of document.querySelectorAll("audio")) {
    if (other !== event.target) other.pause();
  }
}, true);

document.addEventListener("error", (event) => {
  if (event.target.matches && event.target.matches(".player img")) {
    event.target.closest(".player").classList.add("silent");
  }
}, true);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, button, audio, summary, a")) return;
  const rows = [...document.querySelectorAll(".row")];
  const here = rows.indexOf(document.activeElement.closest(".row"));
  if (event.key === "j" || event.key === "k") {
    const row = rows[Math.min(rows.length - 1, Math.max(0, here + (event.key === "j" ? 1 : -1)))];
    if (row) row.focus();
  } else if (here >= 0 && (event.key === "g" || event.key === "b")) {
    rows[here].querySelector('button[value="' + (event.key === "g" ? "good" : "bad") + '"]').click();
  } else if (here >= 0 && event.key === " ") {
    const sound = rows[here].querySelector("audio");
    if (sound) { event.preventDefault(); if (sound.paused) sound.play(); else sound.pause(); }
  }
});

const further = document.querySelector("a[data-search]");
if (further) {
  status.textContent = document.getElementById("found").textContent.trim() + " Searching on.";
  location.replace(further.href);
}
