// A list that the control plane pages and filters: only what is seen travels, however much there is.

import { h, setText, table } from "./dom.js";
import { get } from "./live.js";
import { clock } from "./words.js";

const AGAIN = 5000; // milliseconds between looks, while anybody looks

// `path` is the API's; a filter is {name, label, options?: [[value, text]], type?}; `row` makes a table row of an item.
export function listing({ path, label, filters = [], columns, row, empty, limit = 50, fixed = {}, remember = true }) {
  const asked = new URLSearchParams(remember ? location.search : "");
  let offset = Number(asked.get("offset")) || 0;
  let drawn = "", turn = 0;
  const fields = filters.map((each) => field(each, asked.get(each.name) ?? ""));
  const form = h("form", { class: "filters", role: "search", "aria-label": label }, fields.map((each) => each.element));
  const rows = h("div", {});
  const count = h("span", { class: "soft", role: "status" });
  const back = h("button", { type: "button" }, "Back");
  const on = h("button", { type: "button" }, "On");
  const element = h("div", {}, fields.length ? form : null, rows, h("div", { class: "pager" }, count, h("span", {}, back, " ", on)));

  async function load() {
    const mine = ++turn;
    const wanted = Object.fromEntries(fields.map((each) => [each.name, each.value()]).filter(([, value]) => value));
    const page = await get(`${path}?${new URLSearchParams({ limit, offset, ...fixed, ...wanted })}`);
    if (mine !== turn) return; // a later question was asked meanwhile
    if (offset && offset >= page.total) {
      offset = 0;
      return load();
    }
    if (remember) {
      const query = new URLSearchParams({ ...wanted, ...(offset ? { offset } : {}) }).toString();
      history.replaceState(null, "", location.pathname + (query ? `?${query}` : "") + location.hash);
    }
    const told = JSON.stringify(page.items);
    // drawn anew only when it would read differently, so that neither a click nor the keyboard's place is lost
    if (told !== drawn) rows.replaceChildren(table(columns, page.items.map(row), Object.keys(wanted).length ? "Nothing fits." : empty));
    drawn = told;
    const last = offset + page.items.length;
    setText(count, page.total ? `${(offset + 1).toLocaleString("en-US")} to ${last.toLocaleString("en-US")} of ${page.total.toLocaleString("en-US")}, at ${clock(new Date())}` : "");
    back.disabled = offset === 0;
    on.disabled = last >= page.total;
    back.hidden = on.hidden = page.total <= limit;
  }

  const again = () => load().catch(() => {}); // the banner says that the connection is lost
  const from = (start) => {
    offset = Math.max(0, start);
    return again();
  };
  back.addEventListener("click", () => from(offset - limit));
  on.addEventListener("click", () => from(offset + limit));
  form.addEventListener("submit", (event) => event.preventDefault());
  let typing = 0;
  form.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => from(0), 200);
  });
  setInterval(() => document.visibilityState === "visible" && again(), AGAIN);
  return {
    element,
    load,
    set(name, value) {
      fields.find((each) => each.name === name).set(value);
      return from(0);
    },
    get: (name) => fields.find((each) => each.name === name).value(),
    options: (name, options) => fields.find((each) => each.name === name).options(options),
  };
}

function field({ name, label, options, type = "search" }, start) {
  const choices = (some) => some.map(([value, text]) => h("option", { value }, text));
  const input = options ? h("select", { name, "aria-label": label }, choices(options)) : h("input", { name, "aria-label": label, type, maxlength: 100, autocomplete: "off" });
  if (start && options && !options.some(([value]) => value === start)) input.append(h("option", { value: start }, start));
  input.value = start;
  return {
    name,
    element: h("label", {}, h("span", {}, label), input),
    value: () => (type === "date" && input.value ? new Date(`${input.value}T00:00:00`).toISOString() : input.value.trim()),
    set: (value) => (input.value = value),
    options(some) {
      const now = input.value;
      if (some.length === input.options.length && some.every(([, text], index) => input.options[index].textContent === text)) return;
      input.replaceChildren(...choices(some));
      input.value = now;
    },
  };
}

// A question that has to be answered before something is done; `true` when it is.
export function sure(question, deed) {
  const no = h("button", { type: "button" }, "Leave it");
  const yes = h("button", { type: "button", class: "danger" }, deed);
  const dialog = h("dialog", { "aria-label": question }, h("p", {}, question), h("div", { class: "row" }, no, yes));
  document.body.append(dialog);
  return new Promise((answer) => {
    no.addEventListener("click", () => dialog.close("no"));
    yes.addEventListener("click", () => dialog.close("yes"));
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(dialog.returnValue === "yes");
    });
    dialog.showModal();
  });
}

// Runs a deed and says under its button how it went; a refusal stands there in the control plane's own words.
export function deed(button, said, act) {
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      setText(said, (await act()) ?? "");
    } catch (error) {
      setText(said, error instanceof TypeError ? "The control plane does not answer." : error.message);
    }
    button.disabled = false;
  });
}
