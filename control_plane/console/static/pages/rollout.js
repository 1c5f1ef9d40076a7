import { GateChart } from "../chart.js";
import { h, number, row, setText, table } from "../dom.js";
import { get, send } from "../live.js";
import { listing } from "../list.js";
import { clock, moment } from "../words.js";
import { stands } from "./rollouts.js";

export const title = "Rollout";
export const listen = () => "?kind=models";
const AGAIN = 3000;
const DEEDS = [ // word, name, when it makes sense, the question before it
  ["approve", "Approve the next step", (each) => each.waits.includes("approv"), ""], ["pause", "Pause", (each) => !each.paused, ""], ["resume", "Go on", (each) => each.paused, ""],
  ["abort", "Abort and go back", () => true, "All devices that were touched go back to what they ran."],
];

export function show(page, store, { id, may }) {
  const path = `/api/v1/rollouts/${encodeURIComponent(id)}`;
  const heading = h("h1", {}, id);
  const under = h("p", { class: "sub" });
  const waves = h("ol", { class: "waves" });
  const waits = h("p", { class: "said", role: "status" });
  const reason = h("input", { "aria-label": "Why, for those who ask later", placeholder: "why, for those who ask later", maxlength: 300 });
  const buttons = h("div", { class: "row" });
  const chart = new GateChart();
  const verdict = h("p", { class: "why" });
  const decisions = h("div", {});
  const file = h("pre", { tabindex: 0 });
  const devices = listing({
    path: `${path}/devices`, label: "Devices", remember: false, limit: 100, columns: ["device", "part", "wanted", "stands", "#matches", "#worse by"], empty: "No device is part of it.",
    row: (each) => row({}, h("a", { href: `/devices/${each.device}` }, each.device), each.canary ? "canary" : "wave", each.want, h("td", { class: "wide" }, h("span", { class: `tag ${each.standing}` }, each.standing), each.reason ? ` ${each.reason}` : "", each.online ? "" : " (offline)"),
      number(String(each.matches)), number(each.mean === null ? "–" : each.mean.toFixed(4))),
  });
  const panel = (name, ...inside) => h("section", { class: "panel" }, h("h2", {}, name), ...inside);
  page.replaceChildren(heading, under, waves, waits, may("releaser") ? buttons : "", panel("The gate: how much worse the new model is, match by match", chart.element, verdict),
    panel("Every decision, and why", decisions), h("h2", {}, "Devices"), devices.element, h("details", { class: "panel" }, h("summary", {}, "Its file"), file));

  async function load() {
    const [found, gate] = await Promise.all([get(path), get(`${path}/gate`), devices.load()]);
    const { rollout } = found;
    under.replaceChildren(stands(rollout), ` ${rollout.model} instead of ${rollout.champion}, begun by ${rollout.created_by} at ${moment(rollout.created)}; as of ${clock(new Date())}`);
    waves.replaceChildren(...track(found));
    setText(waits, rollout.stage === "ended" ? "" : rollout.waits ? `It waits for ${rollout.waits}.` : "");
    act(rollout);
    chart.update(gate);
    const last = gate.points[gate.points.length - 1];
    setText(verdict, last ? `After ${last.matches} matches on ${last.devices} devices the new model is ${last.mean > 0 ? "worse" : "better"} by ${Math.abs(last.mean).toPrecision(2)} in ${gate.metric.replaceAll("_", " ")}, and with ${percentage(gate.confidence)} confidence between ${last.low.toPrecision(2)} and ${last.high.toPrecision(2)}. It may be worse by less than ${gate.margin}.`
      : rollout.judged ? `Nothing can be said yet: ${rollout.judged.reason}.` : "The canary has not begun.");
    const told = JSON.stringify(found.decisions);
    if (decisions.dataset.told !== told) decisions.replaceChildren(table(["when", "what", "why", "by", "numbers"], [...found.decisions].reverse().map((each) => row({}, moment(each.time), h("b", {}, each.action), h("td", { class: "wide" }, each.reason || "–"), each.by, h("td", { class: "wide soft" }, numbers(each.numbers)))), "Nothing was decided yet."));
    decisions.dataset.told = told;
    setText(file, found.file);
  }

  function act(rollout) {
    const wanted = rollout.stage === "ended" ? [] : DEEDS.filter(([, , when]) => when(rollout));
    const key = wanted.map(([word]) => word).join();
    if (buttons.dataset.key === key) return;
    buttons.dataset.key = key;
    buttons.replaceChildren(...wanted.map(([word, name, , question]) => {
      const button = h("button", { type: "button", class: word === "abort" ? "danger" : null, title: question || null }, name);
      button.addEventListener("click", () => say(word, button));
      return button;
    }), wanted.length ? reason : "");
  }
  async function say(word, button) {
    button.disabled = true;
    try {
      await send("POST", `${path}/${word}`, { reason: reason.value });
      reason.value = "";
      await load();
    } catch (error) {
      setText(waits, error.message);
    }
    button.disabled = false;
  }
  setInterval(() => document.visibilityState === "visible" && load().catch(() => {}), AGAIN);
  return load;
}

const percentage = (share) => `${Number((share * 100).toFixed(1))}%`;
const numbers = (given) => Object.entries(given).map(([name, value]) => `${name.replaceAll("_", " ")} ${typeof value === "number" ? Number(value.toPrecision(3)) : value}`).join(", ");

// The canary and the waves, and how far it is.
function track({ rollout, canary, devices, waves }) {
  const sizes = [["canary", canary], ...waves.map((size, index) => [`wave ${index + 1}`, size])];
  const at = { waiting: -1, canary: 0, waves: rollout.wave }[rollout.stage] ?? (rollout.outcome === "succeeded" ? sizes.length : rollout.wave);
  const sentBack = rollout.stage === "back" || (rollout.stage === "ended" && rollout.outcome !== "succeeded");
  return sizes.map(([name, size], index) => h("li", { class: sentBack && index <= at ? "back" : index < at ? "past" : index === at ? "now" : null },
    h("b", {}, name), index ? `up to ${size.toLocaleString("en-US")} of ${devices.toLocaleString("en-US")}` : `${size} devices`, sentBack && index === at ? ", sent back" : ""));
}
