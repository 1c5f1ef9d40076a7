import { h, number, row, table } from "../dom.js";
import { get } from "../live.js";
import { listing } from "../list.js";
import { ago, moment } from "../words.js";

export const title = "Fleet";
export const listen = () => "?kind=models"; // of very many devices none is listened to: what is seen is asked for
const STANDS = ["online", "degraded", "silent", "offline"];
const AGAIN = 5000;

export function show(page) {
  const tiles = h("div", { class: "tiles" });
  const sites = h("div", {});
  const devices = listing({
    path: "/api/v1/devices", label: "Devices", limit: 100,
    filters: [
      { name: "q", label: "Search" }, { name: "site", label: "Site", options: [["", "all"]] },
      { name: "status", label: "Status", options: [["", "all"], ...STANDS.map((each) => [each, each])] }, { name: "tag", label: "Tag" },
    ],
    columns: ["device", "state", "site", "models", "#pictures/s", "#waiting", "heard"], row: deviceRow,
    empty: "No device has reported yet. Start one with: kubeddr agent",
  });
  page.replaceChildren(h("h1", {}, "Fleet"), tiles, h("div", { class: "aside" }, h("section", {}, h("h2", {}, "Sites"), sites), h("section", {}, h("h2", {}, "Devices"), devices.element)));

  async function summary() {
    const { items } = await get("/api/v1/sites");
    const sum = (name) => items.reduce((all, each) => all + each[name], 0);
    const kinds = { online: "good", degraded: "warn", silent: "warn", offline: "bad" };
    tiles.replaceChildren(tile(sum("devices"), "devices", ""), ...STANDS.map((name) => tile(sum(name), name, kinds[name], devices.get("status") === name, () => devices.set("status", devices.get("status") === name ? "" : name).then(summary))));
    devices.options("site", [["", "all"], ...items.filter((each) => each.site).map((each) => [each.site, each.site])]);
    const chosen = devices.get("site");
    sites.replaceChildren(table(["site", "#devices", "#well", "#not"], items.map((each) => {
      const name = h("button", { type: "button", class: "plain", "aria-pressed": String(each.site !== "" && each.site === chosen) }, each.site || "none given");
      name.disabled = !each.site;
      name.addEventListener("click", () => devices.set("site", chosen === each.site ? "" : each.site).then(summary));
      const ill = each.degraded + each.silent + each.offline;
      return row({ class: each.site && each.site === chosen ? "chosen" : null }, name, number(each.devices.toLocaleString("en-US")), number(String(each.online)), number(h("span", { class: ill ? "warn-text" : "soft" }, String(ill))));
    }), "No device has reported yet."));
  }
  setInterval(() => document.visibilityState === "visible" && summary().catch(() => {}), AGAIN);
  return () => Promise.all([devices.load(), summary()]);
}

function tile(count, name, kind, chosen, choose) {
  const inside = [h("b", {}, count.toLocaleString("en-US")), h("span", {}, name)];
  if (!choose) return h("div", { class: "tile" }, inside);
  const made = h("button", { type: "button", class: `tile ${count ? kind : ""}`, "aria-pressed": String(chosen) }, inside);
  made.addEventListener("click", choose);
  return made;
}

function deviceRow(device) {
  const told = device.presence === "online" ? device.telemetry : null;
  const name = h("td", {}, h("span", { class: `dot ${device.status}` }), h("a", { href: `/devices/${device.id}`, title: device.name }, device.name));
  if (device.name !== device.id) name.append(h("div", { class: "soft id" }, device.id));
  const says = device.status === "offline" ? `offline since ${moment(device.since)}` : device.reasons.length ? `${device.status}: ${device.reasons.join("; ")}` : device.status;
  const heard = device.heard ? `${ago(Date.now() - new Date(device.heard).getTime())} ago` : "never";
  return row({ class: device.presence }, name, h("td", { class: "wide" }, says), device.site || "–",
    device.models.map((model) => `${model.name} ${model.version}`.trim()).join(", ") || "–",
    number(told?.fps?.toFixed(0) ?? "–"), number(told?.outbox?.toLocaleString("en-US") ?? "–"), device.presence === "online" ? "now" : heard);
}
