// What a device is set to, and a form to change it.

import { h, setText } from "../dom.js";
import { get, send } from "../live.js";

export function settings(id, mayChange) {
  const path = `/api/v1/devices/${id}/settings`;
  const input = (attributes) => h("input", { autocomplete: "off", maxlength: 200, ...attributes });
  const fields = {
    name: input({}), source: input({}), one: input({ maxlength: 60 }), two: input({ maxlength: 60 }),
    page: h("select", {}, [["", "as it was started"], ["full", "all"], ["scores", "scores without predictions"]].map(([value, text]) => h("option", { value }, text))),
    rate: input({ type: "number", min: 0.5, max: 240, step: "any" }),
  };
  const labels = { name: "Name", source: "Source", one: "Player 1", two: "Player 2", page: "Its page shows", rate: "Pictures a second, at most" };
  const outcome = h("p", { class: "said", role: "status" });
  const button = h("button", {}, "Set");
  const form = h("form", { class: "twin" }, Object.entries(fields).map(([name, field]) => h("label", {}, h("span", {}, labels[name]), field)), mayChange ? button : null);
  for (const field of Object.values(fields)) field.disabled = !mayChange;
  let version = 0, touched = false;

  function fill({ wanted, reported, outcome: came, reason, safe, version: now }) {
    version = now;
    const be = (key) => wanted[key] ?? null;
    const values = { name: be("name"), source: be("source"), one: be("players")?.[0], two: be("players")?.[1], page: be("page"), rate: be("rate") };
    const is = { name: reported.name, source: reported.source, one: reported.players?.[0], two: reported.players?.[1], rate: reported.rate };
    for (const [key, field] of Object.entries(fields)) {
      if (!touched) field.value = values[key] ?? "";
      if (key !== "page") field.placeholder = is[key] ?? "as it was started";
    }
    setText(outcome, `${{ none: "Nothing was ever set from here.", pending: "The device has not answered yet.", applied: "In force.", refused: `Refused: ${reason}.` }[came] ?? came}${safe ? " The device is in safe mode: it runs as it was started." : ""}`);
  }
  form.addEventListener("input", () => (touched = true));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = (field) => field.value.trim() || null;
    const players = fields.one.value || fields.two.value ? [fields.one.value, fields.two.value] : null;
    const values = { name: text(fields.name), source: text(fields.source), players, page: text(fields.page), rate: fields.rate.value ? Number(fields.rate.value) : null };
    try {
      touched = false;
      fill(await send("PUT", path, { values, version }));
    } catch (error) {
      touched = true;
      setText(outcome, error.message);
    }
  });
  return { element: h("div", {}, form, outcome), load: () => get(path).then(fill) };
}
