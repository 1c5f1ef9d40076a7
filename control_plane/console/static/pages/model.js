import { h, row, setText, table } from "../dom.js";
import { get, send } from "../live.js";
import { moment } from "../words.js";
import { compared } from "./models.js";

export const title = "Model";
export const listen = () => "?kind=models";
const STAGES = ["candidate", "staging", "production", "retired"];

export function show(page, store, { id, may }) {
  const path = `/api/v1/models/${id}`;
  const heading = h("h1", {});
  const under = h("p", { class: "sub" });
  const said = h("p", { class: "said", role: "status" });
  const facts = h("dl", {});
  const figures = h("div", {});
  const card = h("pre", { class: "card-text", tabindex: 0 });
  const decisions = h("div", {});
  const panel = (name, ...inside) => h("section", { class: "panel" }, h("h2", {}, name), ...inside);
  page.replaceChildren(heading, under, may("releaser") ? deeds() : "", said, compared("", id.slice(0, 12)),
    h("div", { class: "halves" }, panel("Where it comes from", facts), panel("How good it is", figures)), panel("Its card", card), panel("What was decided", decisions));

  async function load() {
    const { model, aliases, data, code, parameters, metrics, card: text, decisions: taken } = await get(`/api/v1/models/resolve?ref=${id}`);
    setText(heading, `${model.name} ${model.version}`);
    document.title = `${model.name} ${model.version} · kubeddr`;
    under.replaceChildren(h("span", { class: `tag ${model.stage}` }, model.stage), ` ${model.kind}, pushed ${moment(model.pushed)}${model.pushed_by ? ` by ${model.pushed_by}` : ""}${aliases.length ? `, called ${aliases.join(", ")}` : ""}`);
    const known = [["digest", model.sha256], ["data", data || "not said"], ["code", code || "not said"], ...Object.entries(parameters)];
    facts.replaceChildren(...known.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
    const measured = Object.entries(metrics);
    figures.replaceChildren(measured.length ? h("dl", {}, measured.flatMap(([name, value]) => [h("dt", {}, name.replaceAll("_", " ")), h("dd", {}, Number(value.toPrecision(5)).toString())])) : h("p", { class: "soft" }, "No figures are known."));
    setText(card, text || "It has none. kubeddr models describe gives it one.");
    decisions.replaceChildren(table(["when", "who", "what", "why"], [...taken].reverse().map((each) => row({}, moment(each.time), each.operator, each.action, h("td", { class: "wide" }, each.reason || "–"))), "Nothing was decided yet."));
  }

  function deeds() {
    const reason = h("input", { "aria-label": "Why, for those who ask later", placeholder: "why, for those who ask later", maxlength: 300 });
    const stage = h("select", { "aria-label": "Stage" }, STAGES.map((value) => h("option", { value }, value)));
    const alias = h("input", { "aria-label": "Alias", placeholder: "champion", maxlength: 32, pattern: "[a-z][a-z0-9\\-]*" });
    const button = (name, act, words) => {
      const made = h("button", { type: "button" }, name);
      made.addEventListener("click", async () => {
        try {
          await act();
          setText(said, words());
          await load();
        } catch (error) {
          setText(said, error.message);
        }
      });
      return made;
    };
    return h("div", { class: "row" }, reason,
      button("Approve for production", () => send("POST", `${path}/approve`, { reason: reason.value }), () => "Approved."),
      stage, button("Bring to this stage", () => send("POST", `${path}/stage`, { stage: stage.value, reason: reason.value }), () => `It is ${stage.value} now.`),
      alias, button("Call it so", () => send("PUT", `${path}/aliases/${encodeURIComponent(alias.value)}`, { reason: reason.value }), () => `It is called ${alias.value} now.`));
  }
  return load;
}
