import { h, keyed, number, row, table } from "../dom.js";
import { get } from "../live.js";
import { MATCH_COLUMNS, matchCard, matchRow } from "../parts.js";
import { ago, moment } from "../words.js";

export const title = "Fleet";

export function show(page, store) {
  const counts = h("div", { class: "tiles" });
  const cards = h("div", { class: "cards" });
  const idle = h("p", { class: "empty" }, "Nobody plays right now.");
  const devices = h("div", {});
  const latest = h("div", {});
  page.replaceChildren(
    counts, h("h2", {}, "Playing now"), cards, idle, h("h2", {}, "Devices"), devices, h("h2", {}, "Latest matches"), latest);

  async function load() {
    const [fleet, running, recent] = await Promise.all([
      get("/api/v1/devices?limit=500"), get("/api/v1/matches?state=running&limit=100"), get("/api/v1/matches?limit=50"),
    ]);
    store.matches.clear();
    for (const device of fleet.items) store.devices.set(device.id, device);
    for (const match of [...recent.items, ...running.items]) store.matches.set(match.id, match);
    store.changed();
  }

  let drawn = "";
  store.onChange(() => {
    const fleet = [...store.devices.values()].sort((one, two) => one.id.localeCompare(two.id));
    const matches = [...store.matches.values()].sort((one, two) => two.last.localeCompare(one.last));
    const running = matches.filter((match) => match.state === "running");
    keyed(cards, running.sort((one, two) => one.device.localeCompare(two.device)), (match) => match.id, () => matchCard(store));
    const past = matches.filter((match) => match.state !== "running");
    idle.hidden = running.length > 0;
    // tables are drawn anew only when they would read differently, so that a click is not lost
    const told = JSON.stringify([fleet.map((each) => cells(each, store)), running.length, past.map((each) => [each.id, each.state, each.p1, each.p2])]);
    if (told === drawn) return;
    drawn = told;
    drawCounts(counts, fleet, running, store);
    devices.replaceChildren(table(["device", "state", "watches", "models", "#pictures/s", "#waiting", "heard"],
      fleet.map((each) => deviceRow(each, store)), "No device has reported yet. Start one with: kubeddr agent"));
    latest.replaceChildren(table(MATCH_COLUMNS, past.slice(0, 12).map(matchRow), "No match has been seen to its end yet."));
  });
  return load;
}

function drawCounts(counts, fleet, running, store) {
  const by = { online: 0, silent: 0, offline: 0 };
  for (const device of fleet) by[store.presence(device)] += 1;
  const tile = (count, name, kind) => h("div", { class: `tile ${count ? kind : ""}` }, h("b", {}, String(count)), h("span", {}, name));
  counts.replaceChildren(
    tile(running.length, running.length === 1 ? "match running" : "matches running", "good"), tile(by.online, "online", "good"),
    tile(by.silent, "silent", "warn"), tile(by.offline, "offline", "bad"));
}

function cells(device, store) {
  const presence = store.presence(device);
  const told = device.telemetry;
  const quiet = device.heard ? store.live.now() - new Date(device.heard).getTime() : null;
  const fresh = presence === "online" && told;
  return {
    presence,
    says: presence === "online" ? (device.status === "degraded" ? `degraded: ${device.reasons.join("; ")}` : "online") : presence === "silent" ? "silent" : `offline since ${moment(device.since)}`,
    source: fresh && told.source_ok === false ? `${device.source || "source"}: no picture` : device.source || "–",
    models: device.models.map((model) => `${model.name} ${model.version}`.trim()).join(", ") || "–",
    fps: fresh && told.fps !== null ? told.fps.toFixed(0) : "–",
    waiting: fresh && told.outbox !== null ? told.outbox.toLocaleString("en-US") : "–",
    heard: quiet === null ? "never" : presence === "online" ? "just now" : `${ago(quiet)} ago`,
    name: device.name,
  };
}

function deviceRow(device, store) {
  const said = cells(device, store);
  const name = h("td", {}, h("span", { class: `dot ${said.presence}` }), h("a", { href: `/devices/${device.id}` }, said.name));
  if (device.name !== device.id) name.append(h("span", { class: "soft" }, `  ${device.id}`));
  return row({ class: said.presence }, name, said.says, said.source, said.models, number(said.fps), number(said.waiting), said.heard);
}
