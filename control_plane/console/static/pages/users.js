import { h, row, setText } from "../dom.js";
import { send } from "../live.js";
import { deed, listing, sure } from "../list.js";
import { moment } from "../words.js";

export const title = "Users";
export const listen = () => "?kind=models";
const ROLES = [["viewer", "viewer: looks"], ["operator", "operator: looks after devices"], ["releaser", "releaser: sends out models"], ["admin", "admin: everything"]];

export function show(page) {
  const said = h("p", { class: "said", role: "status" });
  const secret = h("div", { class: "panel", hidden: true });
  const people = listing({
    path: "/api/v1/operators", label: "Operators", remember: false, limit: 100,
    columns: ["name", "role", "since", "is", ""], row: person, empty: "Nobody.",
  });
  const tokens = listing({
    path: "/api/v1/tokens", label: "Tokens", remember: false,
    columns: ["of", "what for", "made", "used", "ends", ""], row: token, empty: "There are no tokens.",
  });
  const name = h("input", { name: "name", required: true, maxlength: 60, autocomplete: "off", pattern: "[A-Za-z0-9][A-Za-z0-9._@\\-]*" });
  const role = h("select", { name: "role", "aria-label": "Role" }, ROLES.map(([value, text]) => h("option", { value }, text)));
  const form = h("form", { class: "filters" }, h("label", {}, h("span", {}, "Name"), name), h("label", {}, h("span", {}, "Role"), role), h("button", {}, "Let somebody in"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await act(() => send("POST", "/api/v1/operators", { name: name.value, role: role.value }), () => `${name.value} may now sign in with a token.`);
    form.reset();
  });
  page.replaceChildren(h("h1", {}, "Users"), form, said, secret, h("h2", {}, "People"), people.element, h("h2", {}, "Tokens"), tokens.element);
  const load = () => Promise.all([people.load(), tokens.load()]);

  async function act(how, words) {
    try {
      const answer = await how();
      setText(said, words(answer));
    } catch (error) {
      setText(said, error.message);
    }
    await load().catch(() => {});
  }

  function person(each) {
    const change = h("select", { "aria-label": `Role of ${each.name}` }, ROLES.map(([value]) => h("option", { value, selected: value === each.role }, value)));
    change.addEventListener("change", () => act(() => send("PATCH", `/api/v1/operators/${each.name}`, { role: change.value }), () => `${each.name} is ${change.value} now.`));
    const make = h("button", { type: "button" }, "New token");
    make.addEventListener("click", () => act(() => send("POST", `/api/v1/operators/${each.name}/tokens`, { label: "from the console" }), (made) => tell(each.name, made.secret)));
    const shut = h("button", { type: "button" }, each.disabled ? "Let in again" : "Shut out");
    shut.addEventListener("click", async () => {
      if (each.disabled || await sure(`Shut ${each.name} out? Every token and session of theirs stops to count at once.`, "Shut out")) {
        await act(() => send("PATCH", `/api/v1/operators/${each.name}`, { disabled: !each.disabled }), () => `${each.name} is ${each.disabled ? "let in again" : "shut out"}.`);
      }
    });
    return row({}, h("b", {}, each.name), change, moment(each.created), each.disabled ? h("span", { class: "tag refused" }, "shut out") : "let in", h("td", {}, make, " ", shut));
  }

  function token(each) {
    const back = h("button", { type: "button" }, "Take back");
    back.addEventListener("click", async () => {
      if (await sure(`Take this token of ${each.operator} back? Whatever uses it is shut out at once.`, "Take back")) await act(() => send("DELETE", `/api/v1/tokens/${each.id}`), () => "The token counts no more.");
    });
    return row({}, each.operator, each.label || "–", moment(each.created), moment(each.used), each.expires ? moment(each.expires) : "never", back);
  }

  // It is shown this once, and is nowhere but on this page.
  function tell(whose, value) {
    const copy = h("button", { type: "button" }, "Copy");
    const done = h("span", { class: "soft", role: "status" });
    deed(copy, done, () => navigator.clipboard.writeText(value).then(() => "Copied."));
    secret.replaceChildren(h("p", {}, `The token of ${whose}. It is shown this once:`), h("p", {}, h("code", {}, value)), h("p", {}, copy, " ", done));
    secret.hidden = false;
    return "A token was made.";
  }
  return load;
}
