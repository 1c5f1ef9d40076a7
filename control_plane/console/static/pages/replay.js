// A match once more: a place in the song, what was known there, and why the chance was what it was.

import { h, setText } from "../dom.js";
import { percent, score, span } from "../words.js";

const PACE = 8; // times as fast as it was
const LATELY = 8; // seconds over which a change is told

export function replay(mark) {
  const play = h("button", { type: "button" }, "Replay");
  const place = h("input", { type: "range", min: 0, max: 1, step: 0.1, "aria-label": "Place in the song" });
  const time = h("span", { class: "soft" });
  const why = h("p", { class: "why", "aria-live": "polite" });
  const element = h("div", { class: "replay" }, h("div", { class: "row" }, play, place, time), why);
  let samples = [], match = null, running = 0;

  const said = () => samples.filter((each) => each.p1_win !== null);
  function look() {
    const t = match.started_t + Number(place.value);
    mark(t);
    setText(time, `${span(Number(place.value))} of ${span(Number(place.max))}`);
    setText(why, explain(said(), t, match));
  }
  function stop() {
    cancelAnimationFrame(running);
    running = 0;
    setText(play, "Replay");
  }
  play.addEventListener("click", () => {
    if (running) return stop();
    setText(play, "Stop");
    if (Number(place.value) >= Number(place.max) - 0.2) place.value = 0;
    const from = Number(place.value), began = performance.now();
    const step = (now) => {
      place.value = from + ((now - began) / 1000) * PACE;
      look();
      if (Number(place.value) >= Number(place.max) - 0.1) return stop();
      running = requestAnimationFrame(step);
    };
    running = requestAnimationFrame(step);
  });
  place.addEventListener("input", () => {
    stop();
    look();
  });
  return {
    element,
    update(all, of) {
      [samples, match] = [all, of];
      const there = said();
      element.hidden = there.length < 2 || match.started_t === null;
      if (element.hidden) return;
      const atEnd = Number(place.value) >= Number(place.max) - 0.2 || !time.textContent;
      const length = (match.finished_t ?? there[there.length - 1].t) - match.started_t;
      if (Number(place.max) !== length) place.max = length;
      if (atEnd && !running) place.value = length;
      setText(time, `${span(Number(place.value))} of ${span(length)}`);
      setText(why, explain(there, match.started_t + Number(place.value), match));
    },
  };
}

// What there was to know at `t`, put into words: the lead against what could still be gained, and the latest change.
export function explain(samples, t, match) {
  const near = samples.reduce((best, each, index) => (Math.abs(each.t - t) < Math.abs(samples[best].t - t) ? index : best), 0);
  const past = samples.slice(0, near + 1); // up to the one that the chart points at
  const now = past[past.length - 1];
  if (!now) return "Nothing was known yet.";
  const favourite = now.p1_win >= 0.5 ? 1 : 2;
  const chance = (each) => (favourite === 1 ? each.p1_win : 1 - each.p1_win);
  const open = now.low !== null && now.low <= 0.5 && now.high >= 0.5;
  const parts = [now.p1_win === 0.5 ? "It was even." : `Player ${favourite} had a chance of ${percent(chance(now))}${open ? ", too close to call: what the chance rests on left both sides possible" : ""}.`];
  const read = [...past].reverse().find((each) => each.p1 !== null && each.p2 !== null);
  if (read) {
    const lead = read.p1 - read.p2, best = Math.max(read.p1, read.p2);
    const ahead = lead ? `Player ${lead > 0 ? 1 : 2} led by ${score(Math.abs(lead), match.unit)}` : "The scores were level";
    const share = now.progress ?? 0;
    const left = match.unit === "percent" || share < 0.02 ? null : (best / share) * (1 - share);
    const weight = lead && left ? `, about ${percent(Math.abs(lead) / Math.max(1, left))} of what the leader would still gain at that pace` : "";
    parts.push(`${ahead} with ${percent(share)} of the score decided${weight}.`);
  }
  const before = past.find((each) => each.t >= now.t - LATELY);
  const moved = before ? chance(now) - chance(before) : 0;
  if (Math.abs(moved) >= 0.05) parts.push(`In the last ${Math.round(now.t - before.t)} s that had ${moved > 0 ? "risen" : "fallen"} by ${Math.round(Math.abs(moved) * 100)} points.`);
  return parts.join(" ");
}
