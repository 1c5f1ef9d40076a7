import { h, row } from "../dom.js";
import { listing } from "../list.js";
import { moment } from "../words.js";

export const title = "Audit";
export const listen = () => "?kind=models";

export function show(page) {
  const log = listing({
    path: "/api/v1/audit", label: "Audit log", limit: 100,
    filters: [{ name: "operator", label: "Who" }, { name: "action", label: "Deed" }, { name: "target", label: "To what" }],
    columns: ["when", "who", "as", "deed", "to what", "more", "answer"],
    row: (each) => row({}, moment(each.time), each.operator, each.role, each.action.replaceAll("_", " "), h("td", { class: "wide" }, h("code", {}, each.target)),
      h("td", { class: "wide soft" }, each.detail), h("td", {}, h("span", { class: `tag ${each.status < 400 ? "finished" : "refused"}` }, each.status < 400 ? "done" : `refused, ${each.status}`))),
    empty: "Nobody has done anything yet.",
  });
  page.replaceChildren(h("h1", {}, "Audit"), h("p", { class: "sub" }, "What people did and tried to do, newest first. Nothing here can be changed."), log.element);
  return log.load;
}
