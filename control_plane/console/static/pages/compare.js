import { h, number, row, setText, table } from "../dom.js";
import { get } from "../live.js";
import { compared } from "./models.js";

export const title = "Compare models";
export const listen = () => "?kind=models";

// Two versions, and the facts in which they are not alike.
export function show(page) {
  const asked = new URLSearchParams(location.search);
  const found = h("div", {});
  const said = h("p", { class: "said", role: "status" });
  page.replaceChildren(h("h1", {}, "Compare models"), compared(asked.get("one") ?? "", asked.get("other") ?? ""), said, found);
  const named = ({ model }) => h("a", { href: `/models/${model.sha256}` }, `${model.name} ${model.version}`);
  const told = (value) => (value === null ? "–" : typeof value === "number" ? Number(value.toPrecision(5)).toString() : value);

  return async () => {
    try {
      const { one, other, differences } = await get(`/api/v1/models/compare?${new URLSearchParams({ one: asked.get("one") ?? "", other: asked.get("other") ?? "" })}`);
      setText(said, differences.length ? "" : "They are alike in all that is known.");
      found.replaceChildren(h("p", {}, named(one), " and ", named(other)), table(["fact", "#the one", "#the other", "#difference"], differences.map((each) => row({}, each.fact.replaceAll("_", " "), number(told(each.one)), number(told(each.other)), number(each.delta === null ? "–" : `${each.delta > 0 ? "+" : ""}${told(each.delta)}`))), "No differences."));
    } catch (error) {
      setText(said, error.message);
    }
  };
}
