// Pieces that several pages show.

import { Spark } from "./chart.js";
import { h, number, row, setText } from "./dom.js";
import { ago, clock, moment, percent, score, winner } from "./words.js";

const QUIET_AFTER = 10000; // milliseconds without a reading, in a match that runs

// Why a match's figures are not of this moment; empty when they are.
export function staleness(match, store) {
  const { live } = store;
  if (match.state !== "running") return "";
  if (live.lostAt !== null) return `Not live: connection lost at ${clock(live.lostAt)}.`;
  if (!live.broker.up) return `Not live: the control plane lost its broker at ${clock(live.broker.since)}.`;
  const device = store.devices.get(match.device);
  const there = device ? store.presence(device) : match.device_online ? "online" : "offline";
  if (there === "offline") return `Not live: the device is offline since ${moment(device?.since ?? match.device_since)}. It goes on by itself, and the rest comes when it is back.`;
  if (there === "silent") return `Not live: nothing heard from the device for ${ago(live.now() - new Date(device.heard).getTime())}.`;
  const quiet = store.quiet(match);
  return quiet > QUIET_AFTER ? `No reading for ${ago(quiet)}.` : "";
}

export function oddsBar() {
  const fill = h("i", {});
  const element = h("div", { class: "odds none" }, fill);
  return {
    element,
    update(said) {
      element.classList.toggle("none", !said);
      if (said) fill.style.width = `${said.p1_win * 100}%`;
    },
  };
}

export const chance = (said) => {
  if (!said) return "no prediction yet";
  const [who, share] = said.p1_win >= 0.5 ? ["Player 1", said.p1_win] : ["Player 2", 1 - said.p1_win];
  return said.p1_win === 0.5 ? "even" : `${who} ${percent(share)}`;
};

// The credible range of whoever is ahead.
export const sure = (said) => {
  if (!said) return "";
  const [low, high] = said.p1_win >= 0.5 ? [said.low, said.high] : [1 - said.high, 1 - said.low];
  return `${percent(low)} to ${percent(high)}`;
};

export function matchCard(store) {
  const name = h("b", {});
  const when = h("span", {});
  const one = h("div", { class: "score" });
  const two = h("div", { class: "score" });
  const bar = oddsBar();
  const says = h("b", {});
  const range = h("span", {});
  const note = h("div", { class: "note" });
  const spark = new Spark();
  const element = h("a", { class: "card" },
    h("div", { class: "top" }, name, when),
    h("div", { class: "duel" },
      h("div", { class: "one" }, h("div", { class: "who" }, "Player 1"), one),
      h("div", { class: "two" }, h("div", { class: "who" }, "Player 2"), two)),
    bar.element, h("div", { class: "says" }, says, range), spark.element, note);
  return {
    element,
    update(match) {
      store.wantChart(match.id);
      element.href = `/matches/${match.id}`;
      setText(name, store.devices.get(match.device)?.name ?? match.device_name);
      setText(when, match.started ? `since ${clock(match.started)}` : "");
      setText(one, score(match.p1, match.unit));
      setText(two, score(match.p2, match.unit));
      bar.update(match.prediction);
      setText(says, chance(match.prediction));
      setText(range, sure(match.prediction));
      spark.update(store.samples(match.id));
      const old = staleness(match, store);
      setText(note, old);
      note.hidden = !old;
      element.classList.toggle("old", old !== "");
    },
  };
}

export const state = (match) => h("span", { class: `tag ${match.state}` }, match.state);

export function matchRow(match) {
  const better = (mine, other) => (mine !== null && other !== null && mine > other);
  const link = h("a", { href: `/matches/${match.id}` }, moment(match.started ?? match.last));
  const late = match.historical ? h("span", { class: "tag late", title: "part of it arrived after an outage" }, "late") : null;
  return row({},
    link,
    h("a", { href: `/devices/${match.device}`, title: match.device_name }, match.device_name),
    number(h("span", { class: better(match.p1, match.p2) ? "one-text" : "soft" }, score(match.p1, match.unit))),
    number(h("span", { class: better(match.p2, match.p1) ? "two-text" : "soft" }, score(match.p2, match.unit))),
    winner(match),
    h("td", {}, state(match), " ", late));
}

export const MATCH_COLUMNS = ["started", "device", "#player 1", "#player 2", "winner", ""];
