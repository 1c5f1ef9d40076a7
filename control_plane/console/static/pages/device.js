import { Trend } from "../chart.js";
import { h, keyed, row, setText, table } from "../dom.js";
import { get, send } from "../live.js";
import { deed } from "../list.js";
import { MATCH_COLUMNS, matchCard, matchRow } from "../parts.js";
import { ago, bytes, moment } from "../words.js";
import { settings } from "./settings.js";

export const title = "Device";
export const listen = (id) => `?device=${encodeURIComponent(id)}`;

export function show(page, store, { id, may }) {
  const heading = h("h1", {});
  const under = h("p", { class: "sub" });
  const note = h("div", { class: "note" });
  const facts = h("dl", {});
  const models = h("div", {});
  const cards = h("div", { class: "cards" });
  const matches = h("div", {});
  const trends = [
    ["pictures a second", "fps", (value) => value.toFixed(1)], ["time per picture", "frame_ms", (value) => `${value.toFixed(1)} ms`],
    ["confidence", "confidence", (value) => `${Math.round(value * 100)}%`], ["events that wait", "outbox", (value) => value.toLocaleString("en-US")],
    ["temperature", "temperature", (value) => `${value.toFixed(0)} °C`], ["memory", "memory", bytes],
  ].map(([name, key, say]) => ({ key, trend: new Trend(name, say) }));
  const twin = settings(id, may("operator"));
  const panel = (name, ...inside) => h("section", { class: "panel" }, h("h2", {}, name), ...inside);
  page.replaceChildren(heading, under, note, cards,
    panel("Figures since this page was opened", h("div", { class: "trends" }, trends.map((each) => each.trend.element))),
    h("div", { class: "halves" }, panel("The device", facts), panel("Models", models), panel("Set to", twin.element), panel("See for yourself", may("operator") ? look(id) : h("p", { class: "soft" }, "Operators may ask a device for its picture and its log."))),
    h("h2", {}, "Matches"), matches);
  let desired = null;

  async function loadDesired() {
    desired = await get(`/api/v1/devices/${id}/desired`);
    store.changed();
  }
  async function load() {
    const [device, played] = await Promise.all([get(`/api/v1/devices/${id}`), get(`/api/v1/matches?device=${id}&limit=20`), loadDesired(), twin.load()]);
    store.devices.set(id, device);
    for (const match of played.items) store.matches.set(match.id, match);
    store.changed();
  }

  store.live.on("steps", loadDesired);
  store.live.on("device", (device) => {
    if (device.desired_version !== desired?.version || device.reported_version !== store.devices.get(id)?.reported_version) loadDesired().then(twin.load).catch(() => {});
  });
  let drawn = "";
  store.onChange(() => {
    const device = store.devices.get(id);
    if (!device) return;
    const presence = store.presence(device);
    setText(heading, device.name);
    document.title = `${device.name} · kubeddr`;
    const wrong = device.reasons?.length ? `: ${device.reasons.join("; ")}` : "";
    const said = presence === "online" ? `${device.status === "degraded" ? "degraded" : "online"}, since ${moment(device.since)}${wrong}`
      : presence === "silent" ? `connected, yet nothing heard for ${ago(store.live.now() - new Date(device.heard ?? device.first_seen).getTime())}`
        : `offline since ${moment(device.since)}${wrong}`;
    under.replaceChildren(h("span", { class: `dot ${presence === "online" ? device.status : presence}` }), ` ${said}`);
    setText(note, presence === "online" ? "" : `What follows is the last that was heard, at ${moment(device.heard)}. The device goes on by itself meanwhile.`);
    note.hidden = presence === "online";
    for (const { key, trend } of trends) trend.add(new Date(device.telemetry?.time ?? 0).getTime(), device.telemetry?.[key]);
    const played = [...store.matches.values()].filter((match) => match.device === id).sort((one, two) => two.last.localeCompare(one.last));
    keyed(cards, played.filter((match) => match.state === "running"), (match) => match.id, () => matchCard(store));
    const told = JSON.stringify([device.telemetry, device.models, device.reported_version, desired, played.map((each) => [each.id, each.state, each.p1, each.p2])]);
    if (told === drawn) return;
    drawn = told;
    facts.replaceChildren(...factsOf(device));
    models.replaceChildren(...modelsOf(device, desired));
    matches.replaceChildren(table(MATCH_COLUMNS, played.map(matchRow), "No match has been seen here yet."));
  });
  return load;
}

// What the device shows on request: itself, what it sees, and its log.
function look(id) {
  const path = `/api/v1/devices/${id}`;
  const said = h("p", { class: "said", role: "status" });
  const shown = h("div", {});
  const identify = h("button", { type: "button" }, "Let it show itself");
  const ask = h("button", { type: "button" }, "Ask for its picture and log");
  deed(identify, said, () => send("POST", `${path}/identify`).then(() => "Its own page says its name for a quarter of a minute."));
  deed(ask, said, async () => {
    const { id: name } = await send("POST", `${path}/diagnostics`);
    setText(said, "Asked. It hands them in when it is online ...");
    for (let tries = 0; tries < 60; tries++) {
      await new Promise((done) => setTimeout(done, 500));
      const { items } = await get(`${path}/diagnostics`);
      const come = items.find((each) => each.id === name && each.received);
      if (come) return seen(come);
    }
    throw new Error("It has handed nothing in within half a minute. Is it online, and let in with a certificate? When it comes it is kept.");
  });
  async function seen(come) {
    const picture = h("img", { src: `${come.url}/picture.jpg`, alt: "What the device saw, with what it read drawn on" });
    picture.addEventListener("error", () => picture.replaceWith(h("p", { class: "soft" }, "It handed in no picture: its source gives none.")));
    const log = await fetch(`${come.url}/log.txt`).then((answer) => (answer.ok ? answer.text() : ""));
    shown.replaceChildren(picture, h("details", {}, h("summary", {}, "Its log"), h("pre", { tabindex: 0 }, log || "It is empty.")), h("p", {}, h("a", { href: come.url }, "The whole bundle"), `, ${bytes(come.size)}`));
    return `As of ${moment(come.received)}.`;
  }
  return h("div", { class: "look" }, h("div", { class: "row" }, identify, ask), said, shown);
}

function factsOf(device) {
  const told = device.telemetry ?? {};
  const has = (value, say) => (value === null || value === undefined ? "–" : say(value));
  const page = device.kiosk ? h("a", { href: device.kiosk, rel: "noreferrer" }, device.kiosk) : "–";
  const facts = [
    ["id", device.id], ["site", device.site || "–"], ["tags", device.tags.join(", ") || "–"], ["watches", device.source || "–"], ["its own page", page], ["agent", device.agent_version || "–"],
    ["pictures", has(told.source_ok, (ok) => (ok ? "arrive" : "do not arrive"))], ["free on its disk", has(told.disk_free, bytes)], ["first seen", moment(device.first_seen)],
  ];
  return facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]);
}

function modelsOf(device, desired) {
  const runs = device.models.map((model) => [h("dt", {}, `runs as ${model.kind}`), h("dd", {}, `${model.name} ${model.version}`)]);
  const wants = (desired?.models ?? []).map((wish) => [
    h("dt", {}, `wanted as ${wish.kind}`),
    h("dd", {}, `${wish.name} ${wish.version} `, h("span", { class: `tag ${wish.outcome}` }, wish.outcome), wish.reason ? h("div", { class: "soft" }, wish.reason) : null),
  ]);
  const steps = (desired?.steps ?? []).slice(0, 8).map((step) => row({}, moment(step.time), `${step.name} ${step.version}`, step.phase));
  const parts = [h("dl", {}, runs.flat(), wants.flat())];
  if (steps.length) parts.push(table(["when", "model", "step"], steps, ""));
  if (!desired?.models.length) parts.push(h("p", { class: "sub" }, "Send one with ", h("code", {}, `kubeddr models push BUNDLE --to ${device.id}`)));
  return parts;
}
