import { h } from "../dom.js";
import { listing } from "../list.js";
import { MATCH_COLUMNS, matchRow } from "../parts.js";

export const title = "Matches";
export const listen = () => "?kind=models";

export function show(page) {
  const matches = listing({
    path: "/api/v1/matches", label: "Matches",
    filters: [
      { name: "q", label: "Device" }, { name: "state", label: "State", options: [["", "all"], ["running", "running"], ["finished", "finished"], ["interrupted", "interrupted"]] },
      { name: "since", label: "From", type: "date" }, { name: "until", label: "Before", type: "date" },
    ],
    columns: MATCH_COLUMNS, row: matchRow, empty: "No match has been seen yet.",
  });
  page.replaceChildren(h("h1", {}, "Matches"), matches.element);
  return matches.load;
}
