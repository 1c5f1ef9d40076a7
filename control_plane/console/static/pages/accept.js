import { h } from "../dom.js";
import { get, send } from "../live.js";

export const title = "Let a device in";
export const listen = () => "?kind=models";

// Devices that wait, each with the code that its own page shows. A phone that read the code off the page comes with it.
export function show(page) {
  const list = h("div", { class: "cards" });
  const fault = h("p", { class: "empty", role: "alert" });
  page.replaceChildren(h("h1", {}, "Let a device in"),
    h("p", { class: "sub" }, "Compare the code with what the device's own page shows. If they differ, refuse it."), list, fault);
  const wanted = location.hash.slice(1).toUpperCase();

  async function decide(code, how, more = {}) {
    fault.textContent = "";
    try {
      const done = await send("POST", `/api/v1/enrolments/${code}/${how}`, more);
      fault.textContent = how === "accept" ? `${done.device} is let in.` : `${done.device} is refused.`;
    } catch (error) {
      fault.textContent = error.message;
    }
    await load();
  }

  async function load() {
    const { items } = await get("/api/v1/enrolments?state=pending&limit=100");
    items.sort((one, two) => (two.code === wanted) - (one.code === wanted));
    list.replaceChildren(...items.map((each) => {
      const replace = h("button", { type: "button" }, "It is the one of this name, wiped");
      replace.addEventListener("click", () => decide(each.code, "accept", { replace: true }));
      const accept = h("button", { type: "button" }, "Let it in");
      const refuse = h("button", { type: "button" }, "Refuse");
      accept.addEventListener("click", () => decide(each.code, "accept"));
      refuse.addEventListener("click", () => decide(each.code, "refuse"));
      return h("div", { class: "panel sign-in" }, h("h2", {}, each.code), h("p", {}, `${each.device}${each.serial ? `, serial ${each.serial}` : ""}`), accept, replace, refuse);
    }));
    if (!items.length) list.append(h("p", { class: "empty" }, "No device waits."));
  }
  setInterval(() => load().catch(() => {}), 5000);
  return load;
}
