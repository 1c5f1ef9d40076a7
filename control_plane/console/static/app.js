// Looks at the address, shows that page, and says plainly when what it shows is old.

import { h, setText } from "./dom.js";
import { Live } from "./live.js";
import { Store } from "./store.js";
import { clock } from "./words.js";
import * as accept from "./pages/accept.js";
import * as device from "./pages/device.js";
import * as fleet from "./pages/fleet.js";
import * as match from "./pages/match.js";
import * as matches from "./pages/matches.js";
import * as models from "./pages/models.js";

const page = document.getElementById("page");
const pulse = document.getElementById("pulse");
const banner = document.getElementById("banner");
const [, room, id] = location.pathname.split("/").map(decodeURIComponent);

function choose() {
  if (room === "matches" && id) return [match, ""]; // its device matters too, so it listens to all
  if (room === "devices" && id) return [device, `?device=${encodeURIComponent(id)}`];
  return [{ "": fleet, matches, models, accept }[room] ?? fleet, ""];
}

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

const [shown, query] = choose();
document.title = `${shown.title} · kubeddr`;
for (const link of document.querySelectorAll("nav a")) {
  const target = link.getAttribute("href").slice(1);
  link.classList.toggle("here", target === room || (target === "" && room === "devices"));
}
const live = new Live(query);
const store = new Store(live);
const load = shown.show(page, store, id);
const fault = h("p", { class: "empty" }, "Loading");
page.before(h("main", {}, fault));
page.hidden = true;

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
read();
