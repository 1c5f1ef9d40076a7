import { OddsChart, ScoreChart } from "../chart.js";
import { h, setText } from "../dom.js";
import { get } from "../live.js";
import { chance, oddsBar, staleness, state, sure } from "../parts.js";
import { moment, percent, score, span } from "../words.js";
import { replay } from "./replay.js";

export const title = "Match";

export const listen = (id) => `?kind=match&kind=samples&match=${encodeURIComponent(id)}`;

export function show(page, store, { id }) {
  const heading = h("h1", {});
  const under = h("p", { class: "sub" });
  const note = h("div", { class: "note" });
  const one = h("div", { class: "score" });
  const two = h("div", { class: "score" });
  const left = h("div", { class: "one" }, h("div", { class: "who" }, "Player 1"), one);
  const right = h("div", { class: "two" }, h("div", { class: "who" }, "Player 2"), two);
  const says = h("div", { class: "chance" });
  const range = h("div", { class: "soft" });
  const bar = oddsBar();
  const odds = new OddsChart();
  const scores = new ScoreChart();
  const facts = h("p", { class: "sub" });
  const again = replay((t) => {
    for (const chart of [odds, scores]) chart.mark(t);
  });
  const whole = h("div", {},
    h("div", { class: "hero" }, left, h("div", { class: "middle" }, says, range), right, h("div", { class: "bar" }, bar.element)),
    h("div", { class: "panel" }, h("h2", {}, "Who will win, over time"), odds.element, again.element),
    h("div", { class: "panel" }, h("h2", {}, "Scores"), scores.element), facts);
  page.replaceChildren(heading, under, note, whole);

  async function load() {
    await store.loadMatch(id);
    await presence();
  }
  async function presence() {
    const device = store.matches.get(id)?.device;
    if (device) store.devices.set(device, await get(`/api/v1/devices/${device}`));
    store.changed();
  }
  setInterval(() => document.visibilityState === "visible" && presence().catch(() => {}), 5000);

  store.onChange(() => {
    const match = store.matches.get(id);
    if (!match) return;
    const device = store.devices.get(match.device);
    setText(heading, device?.name ?? match.device_name);
    const late = match.historical ? h("span", { class: "tag late" }, "part of it arrived after an outage") : null;
    under.replaceChildren(state(match), " ", late ?? "", ` started ${moment(match.started ?? match.last)} on `,
      h("a", { href: `/devices/${match.device}` }, match.device));
    document.title = `${score(match.p1, match.unit)} : ${score(match.p2, match.unit)} · kubeddr`;
    setText(one, score(match.p1, match.unit));
    setText(two, score(match.p2, match.unit));
    const over = match.state === "finished";
    left.classList.toggle("won", over && match.winner === 1);
    right.classList.toggle("won", over && match.winner === 2);
    setText(says, over ? { 0: "Tie", 1: "Player 1 wins", 2: "Player 2 wins" }[match.winner] ?? "Finished" : chance(match.prediction));
    setText(range, over ? span((match.finished_t ?? 0) - (match.started_t ?? 0)) : sure(match.prediction));
    bar.update(over && match.winner !== null ? { p1_win: { 0: 0.5, 1: 1, 2: 0 }[match.winner] } : match.prediction);
    const samples = store.samples(id);
    odds.update(samples, match);
    scores.update(samples, match);
    again.update(samples, match);
    const old = match.state === "interrupted" ? "It broke off: the device started again or went on to another match." : staleness(match, store);
    setText(note, old);
    note.hidden = !old;
    whole.classList.toggle("old", old !== "" && match.state === "running");
    setText(facts, told(match, samples));
  });
  return load;
}

function told(match, samples) {
  const said = match.prediction;
  const parts = [];
  if (said?.model) parts.push(`Predicted by ${said.model} ${said.model_version}`.trim());
  if (said) parts.push(`${percent(said.progress)} of the score budget was spent at its last word`);
  const ends = [said?.p1_final, said?.p2_final];
  if (match.state === "running" && ends.every(Boolean)) {
    const [one, two] = ends.map((end) => `${score(Math.round(end.low), match.unit)} to ${score(Math.round(end.high), match.unit)}`);
    parts.push(`expected to end at ${one} and ${two}`);
  }
  parts.push(`${samples.length.toLocaleString("en-US")} points`);
  return `${parts.join(" · ")}.`;
}
