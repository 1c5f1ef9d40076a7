import { h, keyed, row, setText, table } from "../dom.js";
import { get } from "../live.js";
import { MATCH_COLUMNS, matchCard, matchRow } from "../parts.js";
import { ago, bytes, moment } from "../words.js";

export const title = "Device";

export function show(page, store, id) {
  const heading = h("h1", {});
  const under = h("p", { class: "sub" });
  const note = h("div", { class: "note" });
  const facts = h("dl", {});
  const models = h("div", {});
  const cards = h("div", { class: "cards" });
  const matches = h("div", {});
  page.replaceChildren(heading, under, note, h("h2", {}, "Now"), cards,
    h("div", { class: "halves" },
      h("div", { class: "panel" }, h("h2", {}, "The device"), facts),
      h("div", { class: "panel" }, h("h2", {}, "Models"), models)),
    h("h2", {}, "Matches"), matches);
  let desired = null;

  async function loadDesired() {
    desired = await get(`/api/v1/devices/${id}/desired`);
    store.changed();
  }

  async function load() {
    const [device, played] = await Promise.all([get(`/api/v1/devices/${id}`), get(`/api/v1/matches?device=${id}&limit=20`), loadDesired()]);
    store.devices.set(id, device);
    for (const match of played.items) store.matches.set(match.id, match);
    store.changed();
  }

  store.live.on("steps", loadDesired);
  store.live.on("device", (device) => {
    if (device.desired_version !== desired?.version || device.reported_version !== store.devices.get(id)?.reported_version) loadDesired();
  });
  let drawn = "";
  store.onChange(() => {
    const device = store.devices.get(id);
    if (!device) return;
    const presence = store.presence(device);
    setText(heading, device.name);
    const wrong = device.reasons?.length ? `: ${device.reasons.join("; ")}` : "";
    const said = presence === "online" ? `${device.status === "degraded" ? "degraded" : "online"}, since ${moment(device.since)}${wrong}`
      : presence === "silent" ? `connected, yet nothing heard for ${ago(store.live.now() - new Date(device.heard ?? device.first_seen).getTime())}`
        : `offline since ${moment(device.since)}${wrong}`;
    under.replaceChildren(h("span", { class: `dot ${presence}` }), ` ${said}`);
    setText(note, presence === "online" ? "" : `What follows is the last that was heard, at ${moment(device.heard)}. The device goes on by itself meanwhile.`);
    note.hidden = presence === "online";
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

function factsOf(device) {
  const told = device.telemetry ?? {};
  const has = (value, say) => (value === null || value === undefined ? "–" : say(value));
  const page = device.kiosk ? h("a", { href: device.kiosk, rel: "noreferrer" }, device.kiosk) : "–";
  const facts = [
    ["id", device.id], ["watches", device.source || "–"], ["its own page", page], ["agent", device.agent_version || "–"],
    ["pictures", has(told.source_ok, (ok) => (ok ? "arrive" : "do not arrive"))],
    ["speed", has(told.fps, (fps) => `${fps.toFixed(1)} pictures a second`)],
    ["time per picture", has(told.frame_ms, (time) => `${time.toFixed(1)} ms`)],
    ["events that wait", has(told.outbox, (count) => count.toLocaleString("en-US"))],
    ["temperature", has(told.temperature, (degrees) => `${degrees.toFixed(0)} °C`)],
    ["memory", has(told.memory, bytes)], ["first seen", moment(device.first_seen)],
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
