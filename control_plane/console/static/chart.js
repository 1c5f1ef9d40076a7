// Charts as SVG: the probability over time with its credible band, and both scores.

import { h, s, setText } from "./dom.js";
import { percent, score, span } from "./words.js";

const WIDTH = 1140;
const MOST = 900; // points drawn; more would not be seen

const line = (points) => points.map(([x, y], index) => `${index ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

function thin(points) {
  if (points.length <= MOST) return points;
  const step = points.length / MOST;
  const some = Array.from({ length: MOST }, (_, index) => points[Math.floor(index * step)]);
  return [...some, points[points.length - 1]];
}

function timeAxis(from, to) {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 3600];
  const step = steps.find((each) => (to - from) / each <= 9) ?? 7200;
  const marks = [];
  for (let t = 0; t <= to - from + 1e-9; t += step) marks.push(t);
  return marks;
}

class Chart {
  constructor(height, label) {
    this.height = height;
    this.left = 46;
    this.right = WIDTH - 62;
    this.topEdge = 14;
    this.bottom = height - 26;
    this.element = s("svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": label });
    this.below = s("g", {});
    this.above = s("g", { "pointer-events": "none" });
    this.element.append(this.below, this.above);
    this.element.addEventListener("pointermove", (event) => this.point(event));
    this.element.addEventListener("pointerleave", () => (this.marked === undefined ? this.above.replaceChildren() : this.mark(this.marked)));
  }

  x(t) {
    return this.left + ((t - this.from) / Math.max(1e-6, this.to - this.from)) * (this.right - this.left);
  }

  times() {
    return timeAxis(this.from, this.to).map((t) =>
      s("text", { x: this.x(this.from + t), y: this.height - 6, "text-anchor": "middle" }, span(t)),
    );
  }

  rule(y, text, kind = "grid") {
    return [
      s("line", { class: kind, x1: this.left, x2: this.right, y1: y, y2: y }),
      s("text", { x: this.left - 8, y: y + 4, "text-anchor": "end" }, text),
    ];
  }

  update(samples, match) {
    this.match = match;
    this.samples = thin(samples.filter((each) => this.shows(each)));
    this.from = match.started_t ?? this.samples[0]?.t ?? 0;
    const last = match.finished_t ?? this.samples[this.samples.length - 1]?.t ?? this.from;
    this.to = Math.max(last, this.from + 20);
    this.below.replaceChildren(...this.draw());
    if (this.marked !== undefined) this.mark(this.marked);
  }

  point(event) {
    const box = this.element.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * WIDTH;
    this.show(this.from + ((x - this.left) / (this.right - this.left)) * (this.to - this.from));
  }

  // Points at what was known at `t`, and goes on to.
  mark(t) {
    this.marked = t;
    this.show(t);
  }

  show(t) {
    if (!this.samples?.length) return;
    const near = this.samples.reduce((best, each) => (Math.abs(each.t - t) < Math.abs(best.t - t) ? each : best));
    const at = this.x(near.t);
    const side = at > WIDTH / 2 ? -10 : 10;
    this.above.replaceChildren(
      s("line", { class: "cross", x1: at, x2: at, y1: this.topEdge, y2: this.bottom }),
      s("text", { class: "read", x: at + side, y: this.topEdge + 12, "text-anchor": side < 0 ? "end" : "start" }, this.read(near)),
    );
  }
}

export class OddsChart extends Chart {
  constructor() {
    super(300, "Probability over time that player 1 wins");
    const fade = (id, from, to, color) =>
      s("linearGradient", { id, x1: 0, x2: 0, y1: 0, y2: 1 },
        s("stop", { offset: 0, "stop-color": color, "stop-opacity": from }),
        s("stop", { offset: 1, "stop-color": color, "stop-opacity": to }));
    this.element.prepend(s("defs", {}, fade("fade-one", 0.55, 0.08, "#46bcff"), fade("fade-two", 0.08, 0.55, "#ffa033")));
  }

  shows(sample) {
    return sample.p1_win !== null;
  }

  y(share) {
    return this.topEdge + (1 - share) * (this.bottom - this.topEdge);
  }

  read(sample) {
    const band = sample.low === null ? "" : ` (${percent(sample.low)} to ${percent(sample.high)})`;
    return `${span(sample.t - this.from)}   player 1 wins: ${percent(sample.p1_win)}${band}`;
  }

  draw() {
    const middle = this.y(0.5);
    const parts = [
      ...this.rule(this.y(1), "100%"), ...this.rule(this.y(0.75), "75%"), ...this.rule(middle, "50%", "mid"),
      ...this.rule(this.y(0.25), "25%"), ...this.rule(this.y(0), "0%"), ...this.times(),
      s("text", { x: this.right + 8, y: this.y(1) + 4 }, "player 1"),
      s("text", { x: this.right + 8, y: this.y(0) + 4 }, "player 2"),
    ];
    if (!this.samples.length) return parts;
    const banded = this.samples.filter((each) => each.low !== null && each.high !== null);
    const up = banded.map((each) => [this.x(each.t), this.y(each.high)]);
    const down = banded.map((each) => [this.x(each.t), this.y(each.low)]).reverse();
    if (banded.length > 1) parts.push(s("path", { class: "band", d: `${line([...up, ...down])}Z` }));
    const curve = this.samples.map((each) => [this.x(each.t), this.y(each.p1_win)]);
    const shut = (points) => `${line(points)}L${points[points.length - 1][0]} ${middle}L${points[0][0]} ${middle}Z`;
    parts.push(
      s("path", { class: "area-one", d: shut(curve.map(([x, y]) => [x, Math.min(y, middle)])) }),
      s("path", { class: "area-two", d: shut(curve.map(([x, y]) => [x, Math.max(y, middle)])) }),
      s("path", { class: "curve", d: line(curve) }),
    );
    const [x, y] = curve[curve.length - 1];
    parts.push(s("circle", { class: "head", cx: x, cy: y, r: 4.5 }));
    parts.push(s("text", { class: "read", x: x + 10, y: Math.min(this.bottom - 16, Math.max(this.topEdge + 20, y + 5)) },
      percent(this.samples[this.samples.length - 1].p1_win)));
    return parts;
  }
}

export class ScoreChart extends Chart {
  constructor() {
    super(210, "Both scores over time");
  }

  shows(sample) {
    return sample.p1 !== null || sample.p2 !== null;
  }

  read(sample) {
    const said = (value) => score(value, this.match.unit);
    return `${span(sample.t - this.from)}   ${said(sample.p1)} to ${said(sample.p2)}`;
  }

  draw() {
    const values = this.samples.flatMap((each) => [each.p1, each.p2]).filter((value) => value !== null);
    const most = Math.max(1, ...values) * 1.05;
    const y = (value) => this.bottom - (value / most) * (this.bottom - this.topEdge);
    const short = (value) => (this.match.unit === "percent" ? `${Math.round(value / 100)}%`
      : value >= 1e6 ? `${(value / 1e6).toFixed(1)}M` : value >= 1000 ? `${Math.round(value / 1000)}k` : `${Math.round(value)}`);
    const parts = [0, most / 2, most].flatMap((value) => this.rule(y(value), short(value)));
    parts.push(...this.times());
    for (const player of ["p1", "p2"]) {
      const points = this.samples.filter((each) => each[player] !== null).map((each) => [this.x(each.t), y(each[player])]);
      if (points.length) parts.push(s("path", { class: `curve ${player === "p1" ? "one" : "two"}`, d: line(points) }));
    }
    return parts;
  }
}

export class Spark {
  constructor() {
    this.element = s("svg", { class: "spark", viewBox: "0 0 400 54", preserveAspectRatio: "none", "aria-hidden": "true" });
  }

  update(samples) {
    const shown = thin(samples.filter((each) => each.p1_win !== null));
    const middle = s("line", { x1: 0, x2: 400, y1: 27, y2: 27, stroke: "#2b3448", "stroke-dasharray": "3 4" });
    if (shown.length < 2) return void this.element.replaceChildren(middle);
    const from = shown[0].t;
    const length = Math.max(20, shown[shown.length - 1].t - from);
    const points = shown.map((each) => [((each.t - from) / length) * 400, 2 + (1 - each.p1_win) * 50]);
    const shut = (edge) => `${line(points.map(([x, y]) => [x, edge(y, 27)]))}L${points[points.length - 1][0]} 27L0 27Z`;
    this.element.replaceChildren(
      middle,
      s("path", { d: shut(Math.min), fill: "#46bcff", opacity: 0.28 }),
      s("path", { d: shut(Math.max), fill: "#ffa033", opacity: 0.28 }),
      s("path", { d: line(points), fill: "none", stroke: "#e9edf5", "stroke-width": 1.6, "vector-effect": "non-scaling-stroke" }),
    );
  }
}

// The gate's confidence sequence: by how much the challenger is worse, match by match, with the margin that it must keep.
export class GateChart {
  constructor() {
    this.element = s("svg", { class: "chart gate", viewBox: `0 0 ${WIDTH} 320`, role: "img" });
  }

  update({ points, margin, metric }) {
    const [left, right, top, bottom] = [64, WIDTH - 150, 16, 286];
    const values = [0, margin * 2, -margin, ...points.flatMap((each) => [each.low, each.high])];
    const reach = Math.max(6 * margin, ...points.slice(-1).flatMap((each) => [Math.abs(each.low), Math.abs(each.high)])) * 1.15; // early bounds are wide; they are cut
    const [high, low] = [Math.min(Math.max(...values), reach), Math.max(Math.min(...values), -reach)];
    const most = Math.max(10, points[points.length - 1]?.matches ?? 0);
    const x = (matches) => left + (matches / most) * (right - left);
    const y = (value) => top + ((high - Math.min(high, Math.max(low, value))) / (high - low)) * (bottom - top);
    const across = (value, name, kind) => [
      s("line", { class: kind, x1: left, x2: right, y1: y(value), y2: y(value) }),
      s("text", { x: left - 8, y: y(value) + 4, "text-anchor": "end" }, Number(value.toPrecision(2)).toString()),
      s("text", { class: kind === "margin" ? "read" : "", x: right + 10, y: y(value) + 4 }, name),
    ];
    const parts = [
      s("rect", { class: "passes", x: left, width: right - left, y: y(margin), height: bottom - y(margin) }),
      ...across(0, "as good", "grid"), ...across(margin, "the margin", "margin"),
      s("text", { class: "soft", x: left + 10, y: y(margin) - 8 }, "worse than it may be"), s("text", { class: "soft", x: left + 10, y: y(margin) + 18 }, "good enough"),
      ...[0, 0.5, 1].map((share) => s("text", { x: x(most * share), y: 310, "text-anchor": "middle" }, `${Math.round(most * share)}${share === 1 ? " matches" : ""}`)),
    ];
    if (points.length) {
      const curve = (key) => points.map((each) => [x(each.matches), y(each[key])]);
      const last = points[points.length - 1];
      parts.push(s("path", { class: "band", d: `${line([...curve("high"), ...curve("low").reverse()])}Z` }), s("path", { class: "edge", d: line(curve("high")) }), s("path", { class: "edge", d: line(curve("low")) }),
        s("path", { class: "curve", d: line(curve("mean")) }), s("circle", { class: "head", cx: x(last.matches), cy: y(last.mean), r: 4.5 }));
    }
    this.element.setAttribute("aria-label", points.length ? `Difference in ${metric}: ${points[points.length - 1].mean.toPrecision(2)}, between ${points[points.length - 1].low.toPrecision(2)} and ${points[points.length - 1].high.toPrecision(2)}; the margin is ${margin}` : `No difference in ${metric} is known yet; the margin is ${margin}`);
    this.element.replaceChildren(...parts);
  }
}

// A figure over time, from when the page was opened; `say` puts a value into words.
export class Trend {
  constructor(name, say) {
    this.say = say;
    this.points = [];
    this.value = h("b", {}, "–");
    this.chart = s("svg", { class: "trend", viewBox: "0 0 300 60", preserveAspectRatio: "none", "aria-hidden": "true" });
    this.element = h("div", {}, h("span", { class: "soft" }, name), this.value, this.chart);
  }

  add(time, value) {
    if (value === null || value === undefined || this.points[this.points.length - 1]?.[0] === time) return;
    this.points = [...this.points, [time, value]].slice(-MOST);
    setText(this.value, this.say(value));
    const [times, values] = [0, 1].map((column) => this.points.map((point) => point[column]));
    const [from, to, low, high] = [times[0], times[times.length - 1], Math.min(...values), Math.max(...values)];
    const at = ([t, v]) => [((t - from) / Math.max(1, to - from)) * 300, high === low ? 30 : 56 - ((v - low) / (high - low)) * 52];
    this.chart.replaceChildren(this.points.length > 1 ? s("path", { d: line(this.points.map(at)) }) : "");
  }
}
