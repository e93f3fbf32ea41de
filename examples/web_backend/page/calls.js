// Lists calls and plays their recordings. Names come from callers: they are only ever set as text.

import { Transcript } from "./transcript.js";

const find = (id) => document.getElementById(id);
const audio = find("audio");
let next = {};
let transcript = null;
let chosen = null;

async function fetchJson(path, query) {
  const response = await fetch(`${path}?${new URLSearchParams(query)}`);
  if (!response.ok) throw new Error(await readMessage(response));
  return response.json();
}

async function readMessage(response) {
  const answer = await response.json().catch(() => ({}));
  return answer.message ?? `The answer is ${response.status}.`;
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

const nameOf = (person) => person.name || person.number || "unknown";

function showTime(seconds) {
  return seconds ? `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}` : "";
}

function makePerson(className, person) {
  const cell = element("td", className, nameOf(person));
  if (person.name && person.number) cell.append(element("small", "", person.number));
  return cell;
}

function makeRow(call) {
  const row = document.createElement("tr");
  const moment = new Date(call.date).toLocaleString([], { dateStyle: "short", timeStyle: "short" });
  const play = element("td", "play", "");
  row.append(
    element("td", "when", moment),
    makePerson("who", call.caller),
    makePerson("whom", call.callee),
    element("td", "end", call.status.toLowerCase().replaceAll("_", " ")),
    element("td", "talk", showTime(call.duration_s)),
    play,
  );
  if (call.recording) {
    const button = element("button", "", "Play");
    button.type = "button";
    button.ariaLabel = `Play ${nameOf(call.caller)} with ${nameOf(call.callee)}, ${moment}`;
    button.onclick = () => choose(call, row, moment);
    play.append(button);
  }
  return row;
}

async function listCalls() {
  find("more").disabled = true;
  try {
    const page = await fetchJson("calls", next);
    find("calls").append(...page.calls.map(makeRow));
    next = { until: page.until, page: page.next_page };
    find("more").hidden = page.next_page === null;
    find("listing").textContent = find("calls").rows.length ? "" : "No calls.";
  } catch (error) {
    find("listing").textContent = error.message;
    find("more").hidden = false;
  }
  find("more").disabled = false;
}

async function choose(call, row, moment) {
  chosen = call;
  document.querySelector("tr[aria-current]")?.removeAttribute("aria-current");
  row.ariaCurrent = "true";
  find("heading").textContent = `${nameOf(call.caller)} → ${nameOf(call.callee)}, ${moment}`;
  find("player").hidden = false;
  find("trouble").textContent = "";
  show([]);
  audio.src = `recording?${new URLSearchParams({ name: call.recording })}`;
  audio.play().catch(() => {}); // what is wrong with it is told by its event
  try {
    const words = await fetchJson("transcript", { name: call.recording });
    if (chosen === call) show(words);
  } catch (error) {
    if (chosen === call) find("trouble").textContent = `Transcript: ${error.message}`;
  }
}

function show(words) {
  const names = chosen && { A: nameOf(chosen.caller), B: nameOf(chosen.callee) };
  transcript = new Transcript(find("transcript"), words, names, (time) => {
    audio.currentTime = time;
    audio.play().catch(() => {});
  });
  transcript.light(audio.currentTime);
}

// A player does not tell why it cannot play: the answer to the smallest part of the recording does.
audio.onerror = async () => {
  const call = chosen;
  const response = await fetch(audio.src, { headers: { Range: "bytes=0-0" } }).catch(() => null);
  const message = response === null ? "The page's own server does not answer."
    : response.ok ? "It broke off, or is no sound." : await readMessage(response);
  if (chosen === call) find("trouble").textContent = `Recording: ${message}`;
};

// While it plays, with each frame of the screen; "timeupdate" comes four times a second, and also where frames do not.
let frame;
function follow() {
  cancelAnimationFrame(frame);
  transcript?.light(audio.currentTime);
  if (!audio.paused && !audio.ended) frame = requestAnimationFrame(follow);
}
audio.onplaying = follow;
audio.ontimeupdate = audio.onseeking = audio.onseeked = () => transcript?.light(audio.currentTime);

find("more").onclick = listCalls;
listCalls();
