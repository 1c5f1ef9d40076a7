import { h, table } from "../dom.js";
import { get } from "../live.js";
import { MATCH_COLUMNS, matchRow } from "../parts.js";

export const title = "Matches";
const SOME = 50;

export function show(page, store) {
  const list = h("div", {});
  const more = h("button", {}, "Earlier ones");
  const below = h("div", { class: "more" }, more);
  page.replaceChildren(h("h1", {}, "Matches"), list, below);
  let limit = SOME;
  let total = 0;

  async function load() {
    const pages = await get(`/api/v1/matches?limit=${limit}`);
    store.matches.clear();
    for (const match of pages.items) store.matches.set(match.id, match);
    total = pages.total;
    store.changed();
  }

  more.addEventListener("click", () => {
    limit = Math.min(500, limit + SOME);
    load();
  });
  let drawn = "";
  store.onChange(() => {
    const matches = [...store.matches.values()].sort((one, two) => two.last.localeCompare(one.last));
    const told = JSON.stringify(matches.map((each) => [each.id, each.state, each.p1, each.p2, each.historical]));
    below.hidden = total <= limit || limit >= 500;
    if (told === drawn) return;
    drawn = told;
    list.replaceChildren(h("h2", {}, `${Math.max(total, matches.length).toLocaleString("en-US")} seen`),
      table(MATCH_COLUMNS, matches.map(matchRow), "No match has been seen yet."));
  });
  return load;
}
