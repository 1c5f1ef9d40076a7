import { h, number, row, table } from "../dom.js";
import { get } from "../live.js";
import { bytes, moment } from "../words.js";

export const title = "Models";
export const listen = () => "?kind=models&kind=steps";

export function show(page, store) {
  const list = h("div", {});
  page.replaceChildren(h("h1", {}, "Models"),
    h("p", { class: "sub" }, "Send one to a device with ", h("code", {}, "kubeddr models push BUNDLE --to DEVICE")),
    h("h2", {}, "In the store"), list);

  async function load() {
    const [models, fleet] = await Promise.all([get("/api/v1/models?limit=500"), get("/api/v1/devices?limit=500")]);
    const runs = (sha256) => fleet.items.filter((device) => device.models.some((model) => model.sha256 === sha256));
    list.replaceChildren(table(["model", "kind", "#size", "pushed", "runs on", "digest"], models.items.map((each) => row({},
      h("b", {}, `${each.name} ${each.version}`), each.kind, number(bytes(each.size)), moment(each.pushed),
      h("td", { class: "wide" }, runs(each.sha256).map((device) => h("span", { class: "tag" }, device.name)), runs(each.sha256).length ? "" : "–"),
      h("code", { title: each.sha256 }, each.sha256.slice(0, 12)))), "No model has been pushed yet."));
  }

  for (const name of ["models", "steps"]) store.live.on(name, load);
  return load;
}
