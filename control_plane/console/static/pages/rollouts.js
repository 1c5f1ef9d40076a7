import { h, row, setText } from "../dom.js";
import { send } from "../live.js";
import { listing } from "../list.js";
import { moment } from "../words.js";

export const title = "Rollouts";
export const listen = () => "?kind=models";

export const stands = (rollout) => h("span", { class: `tag ${rollout.stage === "ended" ? rollout.outcome : rollout.paused ? "paused" : "running"}` },
  rollout.stage === "ended" ? rollout.outcome : rollout.paused ? "paused" : { waiting: "waiting", canary: "canary", waves: `wave ${rollout.wave}`, back: "going back" }[rollout.stage] ?? rollout.stage);

export function show(page, store, { may }) {
  const list = listing({
    path: "/api/v1/rollouts", label: "Rollouts", remember: false,
    columns: ["name", "is", "model", "instead of", "waits for", "begun", "by"],
    row: (each) => row({}, h("a", { href: `/rollouts/${each.name}` }, each.name), stands(each), each.model, each.champion, h("td", { class: "wide soft" }, each.waits || "–"), moment(each.created), each.created_by),
    empty: "No rollout yet. One sends a model to a few devices, compares it there with what they run, and goes on only when it is good enough.",
  });
  page.replaceChildren(h("h1", {}, "Rollouts"), list.element, may("releaser") ? maker() : "");
  return list.load;
}

function maker() {
  const file = h("textarea", { spellcheck: "false", "aria-label": "The rollout's file", placeholder: "rollout: winner-0.3\nmodel: winner 0.3.0\nchampion: winner 0.2.0\ncanary: 12\ngate: {metric: log_loss, margin: 0.02}\nwaves: [10%, 50%, 100%]" });
  const look = h("button", { type: "button" }, "What would it come to?");
  const begin = h("button", { type: "button" }, "Begin");
  const said = h("p", { class: "said", role: "status" });
  const ask = async (how) => {
    try {
      await how();
    } catch (error) {
      setText(said, error.message);
    }
  };
  look.addEventListener("click", () => ask(async () => {
    const seen = await send("POST", "/api/v1/rollouts/preview", { file: file.value });
    const tells = seen.detectable === null ? "can never tell a difference" : `can tell a difference of ${seen.detectable.toPrecision(2)}${seen.enough ? "" : ", which is more than the margin: a model as good may not pass"}`;
    setText(said, `${seen.model} instead of ${seen.champion}, on ${seen.devices.toLocaleString("en-US")} devices; the canary of ${seen.canary} ${tells}. Waves of up to ${seen.waves.join(", ")} devices.`);
  }));
  begin.addEventListener("click", () => ask(async () => {
    const made = await send("POST", "/api/v1/rollouts", { file: file.value });
    location.assign(`/rollouts/${made.rollout.name}`);
  }));
  return h("details", { class: "panel" }, h("summary", {}, "Begin a rollout"), h("p", { class: "sub" }, "The same file as for ", h("code", {}, "kubeddr rollouts apply"), "."), file, h("p", { class: "row" }, look, begin), said);
}
