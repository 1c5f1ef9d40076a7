import { h, keyed, setText } from "../dom.js";
import { get } from "../live.js";
import { matchCard } from "../parts.js";

export const title = "Live";
export const listen = () => "?kind=models"; // until it is known which matches run
const SHOWN = 24; // cards; of all others is said how many there are
const AGAIN = 3000;

export function show(page, store) {
  const cards = h("div", { class: "cards" });
  const said = h("p", { class: "sub", role: "status" });
  const idle = h("p", { class: "empty" }, "Nobody plays right now. Matches come up here as soon as somebody does.");
  let heard = "";
  page.replaceChildren(h("h1", {}, "Playing now"), said, idle, cards);

  async function load() {
    const running = await get(`/api/v1/matches?state=running&limit=${SHOWN}`);
    const now = new Set(running.items.map((each) => each.id));
    for (const known of store.matches.keys()) if (!now.has(known)) store.matches.delete(known);
    for (const match of running.items) store.matches.set(match.id, match);
    setText(said, running.total > SHOWN ? `${running.total.toLocaleString("en-US")} matches run; these began or changed last.` : running.total === 1 ? "One match runs." : `${running.total} matches run.`);
    const named = [...now].sort().map((id) => `&match=${id}`).join("");
    if (named && named !== heard) store.live.open(`?kind=match&kind=samples${named}`);
    heard = named || heard;
    store.changed();
  }
  // the live stream moves what is shown; what begins and ends is asked for, so that ten thousand devices cost no more than ten
  setInterval(() => document.visibilityState === "visible" && load().catch(() => {}), AGAIN);
  store.onChange(() => {
    const running = [...store.matches.values()].filter((match) => match.state === "running").sort((one, two) => one.device.localeCompare(two.device)).slice(0, SHOWN);
    keyed(cards, running, (match) => match.id, () => matchCard(store));
    idle.hidden = running.length > 0;
    said.hidden = running.length === 0;
  });
  return load;
}
