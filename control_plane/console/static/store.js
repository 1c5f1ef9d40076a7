// What is known on this page: devices, matches and their charts, kept up to date by the live stream.

import { get } from "./live.js";

export const SILENT_AFTER = 30000; // milliseconds, as the control plane has it

export class Store {
  constructor(live) {
    this.live = live;
    this.devices = new Map();
    this.matches = new Map();
    this.charts = new Map(); // match id -> Map of seq -> sample
    this.told = new Map(); // match id -> when something about it last came; a device's own clock may be wrong
    this.loading = new Set();
    this.listeners = [];
    this.queued = false;
    this.held = false; // while a button is down nothing is redrawn, so that no click goes astray
    addEventListener("pointerdown", () => (this.held = true));
    for (const end of ["pointerup", "pointercancel"]) {
      addEventListener(end, () => {
        this.held = false;
        this.changed();
      });
    }
    live.on("device", (device) => this.put(this.devices, device));
    live.on("match", (match) => {
      this.told.set(match.id, live.now());
      this.put(this.matches, match);
    });
    live.on("samples", ({ match, samples }) => {
      this.addSamples(match, samples);
      this.changed();
    });
    live.on("state", () => this.changed());
    live.on("resync", () => this.loading.clear()); // charts may lack what came meanwhile
  }

  put(map, item) {
    map.set(item.id, item);
    this.changed();
  }

  addSamples(match, samples) {
    const chart = this.charts.get(match) ?? new Map();
    for (const sample of samples) chart.set(sample.seq, sample);
    this.charts.set(match, chart);
  }

  quiet(match) {
    return this.live.now() - (this.told.get(match.id) ?? new Date(match.last).getTime());
  }

  samples(match) {
    return [...(this.charts.get(match)?.values() ?? [])].sort((one, two) => one.seq - two.seq);
  }

  async loadMatch(id) {
    const { match, samples } = await get(`/api/v1/matches/${id}`);
    this.addSamples(id, samples);
    this.put(this.matches, match);
  }

  // The chart of a match that came up while the page was open lacks what came before.
  wantChart(id) {
    if (this.loading.has(id)) return;
    this.loading.add(id);
    this.loadMatch(id).catch(() => {}); // the next resync tries again
  }

  presence(device) {
    if (!device || device.presence === "offline") return "offline";
    return this.live.now() - new Date(device.heard ?? 0).getTime() > SILENT_AFTER ? "silent" : "online";
  }

  onChange(listener) {
    this.listeners.push(listener);
  }

  changed() {
    if (this.queued) return;
    this.queued = true;
    setTimeout(() => {
      this.queued = false;
      if (this.held) return;
      for (const listener of this.listeners) listener();
    }, 30);
  }
}
