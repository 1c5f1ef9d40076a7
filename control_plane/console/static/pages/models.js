import { h, number, row } from "../dom.js";
import { listing } from "../list.js";
import { bytes, moment } from "../words.js";

export const title = "Models";
export const listen = () => "?kind=models";
const choices = (names) => [["", "all"], ...names.map((each) => [each, each])];

export function show(page) {
  const models = listing({
    path: "/api/v1/models", label: "Models",
    filters: [{ name: "q", label: "Search" }, { name: "kind", label: "Kind", options: choices(["reader", "winner"]) }, { name: "stage", label: "Stage", options: choices(["candidate", "staging", "production", "retired"]) }],
    columns: ["model", "kind", "stage", "#size", "pushed", "by", "digest"],
    row: (each) => row({}, h("a", { href: `/models/${each.sha256}` }, `${each.name} ${each.version}`), each.kind, h("span", { class: `tag ${each.stage}` }, each.stage), number(bytes(each.size)), moment(each.pushed), each.pushed_by || "–",
      h("code", { title: each.sha256 }, each.sha256.slice(0, 12))),
    empty: "No model has been pushed yet: kubeddr models push BUNDLE",
  });
  page.replaceChildren(h("h1", {}, "Models"), compared("", ""), models.element);
  return models.load;
}

// Two fields that lead to a comparison.
export function compared(one, other) {
  const field = (name, label, value) => h("label", {}, h("span", {}, label), h("input", { name, value, required: true, maxlength: 140, placeholder: "winner@champion, winner:0.3.0 or a digest", autocomplete: "off" }));
  const form = h("form", { class: "filters compare" }, field("one", "Compare", one), field("other", "with", other), h("button", {}, "Compare"));
  form.addEventListener("submit", (event) => { // by script, as the policy lets no form go anywhere by itself
    event.preventDefault();
    location.assign(`/models/compare?${new URLSearchParams(new FormData(form))}`);
  });
  return form;
}
