// Looks at the address, shows that page, and says plainly when what it shows is old.

import { h, setText } from "./dom.js";
import { get, Live, send } from "./live.js";
import { Store } from "./store.js";
import { clock } from "./words.js";

const ROLES = ["viewer", "operator", "releaser", "admin"];
const PAGES = [ // address, name, module, the role that it needs
  ["", "Fleet", "fleet", "viewer"], ["live", "Live", "now", "viewer"], ["matches", "Matches", "matches", "viewer"], ["models", "Models", "models", "viewer"],
  ["rollouts", "Rollouts", "rollouts", "viewer"],
  ["accept", "Let in", "accept", "operator"], ["audit", "Audit", "audit", "admin"], ["users", "Users", "users", "admin"],
];
const page = document.getElementById("page");
const pulse = document.getElementById("pulse");
const banner = document.getElementById("banner");
const [, room, id] = location.pathname.split("/").map(decodeURIComponent);

function tell(live) {
  const lost = live.lostAt !== null;
  pulse.className = `pulse ${lost || !live.broker.up ? "lost" : live.heard ? "live" : "waiting"}`;
  setText(pulse, lost ? "not connected" : !live.broker.up ? "no broker" : live.heard ? "live" : "connecting");
  const since = clock(lost ? live.lostAt : live.broker.since);
  setText(banner, lost ? `The connection to the control plane is lost. What you see is from ${since}; it goes on as soon as the connection is back.`
    : live.broker.up ? "" : `The control plane lost its broker at ${since}. What you see is from then; devices keep what they see until it is back.`);
  banner.hidden = !lost && live.broker.up;
  document.body.classList.toggle("lost", !banner.hidden);
}

function chosen() {
  if (room === "matches" && id) return "match";
  if (room === "devices" && id) return "device";
  if (room === "rollouts" && id) return "rollout";
  if (room === "models" && id) return id === "compare" ? "compare" : "model";
  return (PAGES.find(([address]) => address === room) ?? PAGES[0])[2];
}

function greet(me) {
  const rank = ROLES.indexOf(me.role);
  const may = (role) => rank >= ROLES.indexOf(role);
  const here = room === "devices" ? "" : room;
  document.querySelector("nav").replaceChildren(...PAGES.filter((each) => may(each[3])).map(([address, name]) =>
    h("a", { href: `/${address}`, class: address === here ? "here" : null, "aria-current": address === here ? "page" : null }, name)));
  const out = h("button", { type: "button", class: "quiet" }, "Sign out");
  out.addEventListener("click", async () => {
    await send("DELETE", "/api/v1/session").catch(() => {});
    location.assign("/sign-in");
  });
  document.getElementById("me").replaceChildren(h("span", {}, `${me.operator}, ${me.role}`), out);
  return may;
}

async function start() {
  const fault = h("p", { class: "empty", role: "status" }, "Loading");
  page.before(h("div", { class: "wait" }, fault));
  page.hidden = true;
  const [shown, may] = await Promise.all([import(`./pages/${chosen()}.js`), get("/api/v1/session").then(greet)]);
  document.title = `${shown.title} · kubeddr`;
  const live = new Live(shown.listen?.(id) ?? "");
  const store = new Store(live);
  const load = shown.show(page, store, { id, may });

  // Reads everything the page shows. Before the first time there is nothing to show but the reason why.
  async function read() {
    try {
      await load();
      page.hidden = false;
      fault.parentElement.hidden = true;
    } catch (error) {
      setText(fault, error instanceof TypeError ? "The control plane does not answer." : error.message);
    }
  }
  live.on("state", tell);
  live.on("resync", read);
  await read();
}

start().catch((error) => setText(document.querySelector(".wait p"), error instanceof TypeError ? "The control plane does not answer. Load the page again in a moment." : error.message));
